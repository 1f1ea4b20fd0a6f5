package io.freedom.rollback.platform;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Validates against {@code platform.schema.json}, the published schema, and says the errors in an operator's words. */
final class SchemaCheck {
    private static final Schema SCHEMA = load();

    private SchemaCheck() {}

    static List<Problem> check(YamlDocument document) {
        return SCHEMA.validate(document.root()).stream()
                .map(error -> problem(document, error))
                .toList();
    }

    private static Problem problem(YamlDocument document, Error error) {
        var path = path(error);
        return switch (error.getKeyword()) {
            case "required" -> {
                var key = Objects.requireNonNull(error.getProperty());
                yield document.problem(path, YamlDocument.join(path, key), "is missing: " + description(error, key));
            }
            case "additionalProperties" -> {
                var key = Objects.requireNonNull(error.getProperty());
                yield document.problem(YamlDocument.join(path, key), unknownKey(error, key));
            }
            case "type" -> document.problem(path, type(error));
            case "enum", "const" -> document.problem(path, notAllowed(error));
            case "minimum", "maximum" -> document.problem(path, range(error));
            case "pattern" ->
                document.problem(
                        path, "has a wrong format: " + error.getSchemaNode().asString());
            default -> document.problem(path, error.getMessage());
        };
    }

    private static String range(Error error) {
        var bounds = parent(error);
        return "must be between %d and %d"
                .formatted(
                        bounds.path("minimum").asInt(), bounds.path("maximum").asInt());
    }

    private static String unknownKey(Error error, String key) {
        var known = new TreeSet<>(parent(error).path("properties").propertyNames());
        return Suggestion.nearest(key, known)
                .map(word -> "is not known here; did you mean '" + word + "'?")
                .orElse("is not known here; the keys are " + String.join(", ", known));
    }

    private static String type(Error error) {
        var expected = error.getSchemaNode().isArray()
                ? error.getSchemaNode().get(0).asString()
                : error.getSchemaNode().asString();
        var found = Objects.requireNonNull(error.getInstanceNode());
        if (found.isNull()) {
            return "is empty: give it a value or remove the key";
        }
        return switch (expected) {
            case "string" ->
                found.isContainer()
                        ? "must be one text, not " + kind(found)
                        : "must be a text, not " + kind(found) + ": put it in quotes";
            case "array" -> "must be a list, e.g. [a, b], not " + kind(found);
            case "object" -> "must be a mapping of keys to values, not " + kind(found);
            case "integer" -> "must be a whole number, not " + kind(found);
            default -> "must be of type " + expected + ", not " + kind(found);
        };
    }

    private static String notAllowed(Error error) {
        var schemaNode = error.getSchemaNode();
        var allowed = schemaNode.isArray()
                ? schemaNode.valueStream().map(JsonNode::asString).toList()
                : List.of(schemaNode.asString());
        var found = Objects.requireNonNull(error.getInstanceNode());
        var listed = allowed.size() == 1
                ? "must be " + allowed.getFirst()
                : "must be one of " + allowed.stream().collect(Collectors.joining(", "));
        if (!found.isString()) {
            return listed;
        }
        var hint = Suggestion.nearest(found.stringValue(), allowed).map(word -> "; did you mean '" + word + "'?");
        return listed + ", not '" + found.stringValue() + "'" + (allowed.size() == 1 ? "" : hint.orElse(""));
    }

    private static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case ARRAY -> "a list";
            case OBJECT, POJO -> "a mapping";
            case BOOLEAN -> "a truth value";
            case NUMBER -> "a number";
            case NULL, MISSING -> "nothing";
            case STRING, BINARY -> "a text";
        };
    }

    private static String description(Error error, String key) {
        return parent(error).path("properties").path(key).path("description").asString("it is needed");
    }

    /** The schema object that holds the keyword that failed. */
    private static JsonNode parent(Error error) {
        var fragment = error.getSchemaLocation().getFragment();
        JsonNode node = SCHEMA.getSchemaNode();
        for (int i = 0; i < fragment.getNameCount() - 1; i++) {
            var element = fragment.getElement(i);
            node = element instanceof Integer index ? node.path(index) : node.path(element.toString());
        }
        return node;
    }

    private static String path(Error error) {
        var location = error.getInstanceLocation();
        var path = "";
        for (int i = 0; i < location.getNameCount(); i++) {
            @Nullable Object element = location.getElement(i);
            path = element instanceof Integer index
                    ? path + "[" + index + "]"
                    : YamlDocument.join(path, String.valueOf(element));
        }
        return path;
    }

    private static Schema load() {
        return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(PlatformDescriptors.schema());
    }
}
