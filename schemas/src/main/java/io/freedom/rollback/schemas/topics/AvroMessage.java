package io.freedom.rollback.schemas.topics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.avro.Schema;

/** An AsyncAPI message with an Avro schema as its payload. */
final class AvroMessage {
    private static final ObjectMapper JSON = new ObjectMapper();

    private AvroMessage() {}

    static ObjectNode of(Schema schema) {
        ObjectNode message = JsonNodeFactory.instance.objectNode();
        message.put("name", schema.getFullName());
        message.put("summary", schema.getDoc() == null ? schema.getName() : schema.getDoc());
        ObjectNode kafka = message.putObject("bindings").putObject("kafka");
        kafka.putObject("key").put("type", "string");
        kafka.put("schemaIdLocation", "payload");
        kafka.put("schemaIdPayloadEncoding", "confluent");
        kafka.put("schemaLookupStrategy", "TopicNameStrategy");
        kafka.put("bindingVersion", "0.5.0");
        ObjectNode payload = message.putObject("payload");
        payload.put("schemaFormat", "application/vnd.apache.avro+yaml;version=1.9.0");
        payload.set("schema", withoutJavaTypes(parsed(schema)));
        return message;
    }

    private static JsonNode parsed(Schema schema) {
        try {
            return JSON.readTree(schema.toString());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Avro printed a schema that is not JSON: " + schema.getFullName(), e);
        }
    }

    /** {@code {type: string, avro.java.string: String}} concerns the generated classes only. */
    private static JsonNode withoutJavaTypes(JsonNode node) {
        if (node.has("avro.java.string") && node.size() == 2) {
            return node.path("type");
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = JsonNodeFactory.instance.arrayNode();
            array.forEach(element -> copy.add(withoutJavaTypes(element)));
            return copy;
        }
        if (node instanceof ObjectNode object) {
            ObjectNode copy = JsonNodeFactory.instance.objectNode();
            object.properties().stream()
                    .filter(entry -> !entry.getKey().equals("avro.java.string"))
                    .forEach(entry -> copy.set(entry.getKey(), withoutJavaTypes(entry.getValue())));
            return copy;
        }
        return node;
    }
}
