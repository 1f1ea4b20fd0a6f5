package io.freedom.rollback.ctl.view;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;
import org.jspecify.annotations.Nullable;

/**
 * Plain JSON of Avro records, one line each. Instants are ISO 8601; where a field can hold several kinds of records,
 * the kind is its {@code type}. (Avro's own JSON wraps every nullable field, which no jq filter enjoys.)
 */
public final class Json {
    private Json() {}

    public static String of(@Nullable Object value) {
        var out = new StringBuilder();
        write(value, false, out);
        return out.toString();
    }

    private static void write(@Nullable Object value, boolean typed, StringBuilder out) {
        switch (value) {
            case null -> out.append("null");
            case IndexedRecord record -> writeRecord(record, typed, out);
            case Map<?, ?> map -> writeMap(map, out);
            case List<?> list -> writeList(list, out);
            case Number number -> out.append(number);
            case Boolean flag -> out.append(flag);
            case Instant instant -> writeText(instant.toString(), out);
            case ByteBuffer bytes -> writeText(new String(copy(bytes), java.nio.charset.StandardCharsets.UTF_8), out);
            default -> writeText(value.toString(), out);
        }
    }

    private static void writeRecord(IndexedRecord record, boolean typed, StringBuilder out) {
        out.append('{');
        if (typed) {
            out.append("\"type\":");
            writeText(record.getSchema().getName(), out);
        }
        for (var field : record.getSchema().getFields()) {
            if (out.charAt(out.length() - 1) != '{') {
                out.append(',');
            }
            writeText(field.name(), out);
            out.append(':');
            write(record.get(field.pos()), severalRecords(field.schema()), out);
        }
        out.append('}');
    }

    private static boolean severalRecords(Schema schema) {
        return schema.isUnion()
                && schema.getTypes().stream()
                                .filter(branch -> branch.getType() == Schema.Type.RECORD)
                                .count()
                        > 1;
    }

    private static void writeMap(Map<?, ?> map, StringBuilder out) {
        out.append('{');
        map.forEach((key, value) -> {
            if (out.charAt(out.length() - 1) != '{') {
                out.append(',');
            }
            writeText(key.toString(), out);
            out.append(':');
            write(value, false, out);
        });
        out.append('}');
    }

    private static void writeList(List<?> list, StringBuilder out) {
        out.append('[');
        for (var item : list) {
            if (out.charAt(out.length() - 1) != '[') {
                out.append(',');
            }
            write(item, false, out);
        }
        out.append(']');
    }

    private static void writeText(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                default -> {
                    if (Texts.steers(c)) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static byte[] copy(ByteBuffer bytes) {
        var view = bytes.duplicate();
        var copy = new byte[view.remaining()];
        view.get(copy);
        return copy;
    }
}
