package io.freedom.rollback.backup;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The JSON files of a restore point: indented, in the order of the records' fields, tolerant to fields added later. */
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private Json() {}

    static String text(Object value) {
        return MAPPER.writeValueAsString(value) + "\n";
    }

    /** Texts and numbers of an array, as texts. @throws IOException when it is none */
    static List<String> array(String text) throws IOException {
        try {
            return MAPPER.readTree(text).valueStream().map(JsonNode::asString).toList();
        } catch (JacksonException e) {
            throw new IOException("not a JSON array: " + e.getOriginalMessage(), e);
        }
    }

    /** The same where elements may be null. */
    static List<@Nullable String> nullable(String text) throws IOException {
        try {
            var texts = new ArrayList<@Nullable String>();
            for (var value : MAPPER.readTree(text)) {
                texts.add(value.isNull() ? null : value.asString());
            }
            return texts;
        } catch (JacksonException e) {
            throw new IOException("not a JSON array: " + e.getOriginalMessage(), e);
        }
    }

    /** For what is too large for a tree. {@code in} stays open. */
    static JsonParser parser(InputStream in) {
        return MAPPER.reader().without(StreamReadFeature.AUTO_CLOSE_SOURCE).createParser(in);
    }

    /** @throws IOException also when the content is not what was expected */
    static <T> T read(Path file, Class<T> type) throws IOException {
        return parse(Files.readString(file), file, type);
    }

    static <T> T parse(String text, Path file, Class<T> type) throws IOException {
        try {
            T value = MAPPER.readValue(text, type);
            if (value == null) {
                throw new IOException(file + " cannot be read: it has nothing but null");
            }
            return value;
        } catch (JacksonException e) {
            throw new IOException(file + " cannot be read: " + e.getOriginalMessage(), e);
        }
    }
}
