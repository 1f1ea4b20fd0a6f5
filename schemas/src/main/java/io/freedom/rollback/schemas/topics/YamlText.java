package io.freedom.rollback.schemas.topics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Map;
import java.util.regex.Pattern;

/** Prints a JSON tree as block-style YAML; a text that could be taken for something else is quoted as JSON does. */
final class YamlText {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_./+-]+)*");
    private static final Pattern RESERVED = Pattern.compile("(?i)true|false|null|yes|no|on|off|y|n");

    private final StringBuilder out = new StringBuilder();

    private YamlText() {}

    static String of(JsonNode node) {
        YamlText text = new YamlText();
        text.block(node, 0);
        return text.out.toString();
    }

    private void block(JsonNode node, int indent) {
        if (node.isObject()) {
            for (Map.Entry<String, JsonNode> entry : node.properties()) {
                out.append(" ".repeat(indent)).append(scalar(entry.getKey())).append(':');
                value(entry.getValue(), indent + 2);
            }
        } else {
            for (JsonNode element : node) {
                out.append(" ".repeat(indent)).append('-');
                element(element, indent + 2);
            }
        }
    }

    private void value(JsonNode node, int indent) {
        if (isScalar(node)) {
            out.append(' ').append(scalar(node)).append('\n');
        } else {
            out.append('\n');
            block(node, indent);
        }
    }

    /** The first line of a nested block stands behind the dash. */
    private void element(JsonNode node, int indent) {
        if (isScalar(node)) {
            out.append(' ').append(scalar(node)).append('\n');
            return;
        }
        int start = out.length();
        block(node, indent);
        out.delete(start, start + indent - 1);
    }

    private static boolean isScalar(JsonNode node) {
        return node.isValueNode() || node.isEmpty();
    }

    private static String scalar(JsonNode node) {
        return node.isTextual() ? scalar(node.asText()) : node.toString();
    }

    private static String scalar(String text) {
        boolean plain = PLAIN.matcher(text).matches() && !RESERVED.matcher(text).matches();
        return plain ? text : TextNode.valueOf(text).toString();
    }
}
