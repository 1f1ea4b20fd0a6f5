package io.freedom.rollback.schemas.topics;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.apache.avro.Schema;

/** Describes the catalogue as an AsyncAPI 3.0 document: a channel per topic, a message per record schema. */
public final class AsyncApi {
    private static final String DESCRIPTION = """
            Record values are Avro in the Confluent wire format (byte 0, four bytes of schema id, Avro binary); their \
            schemas are in the schema registry under <topic>-value. Keys are UTF-8 text: the platform's name, and the \
            rollback's id in the status topic, the site's name in the sites topic. The topics' prefix is configurable.""";

    private final TopicCatalogue catalogue;
    private final String version;

    private AsyncApi(TopicCatalogue catalogue, String version) {
        this.catalogue = catalogue;
        this.version = version;
    }

    /** Writes the document of the default catalogue: {@code AsyncApi <file> <version>}. */
    public static void main(String[] args) throws IOException {
        if (args.length != 2) {
            throw new IllegalArgumentException(
                    "Give the file to write and the version, e.g. docs/topics.asyncapi.yaml 0.1.0");
        }
        Files.writeString(Path.of(args[0]), render(TopicCatalogue.withPrefix(TopicCatalogue.DEFAULT_PREFIX), args[1]));
    }

    /** The document as YAML. */
    public static String render(TopicCatalogue catalogue, String version) {
        return "# Generated from the topic catalogue and the Avro schemas. Do not edit:\n"
                + "# mvn -pl schemas test -Dtest=AsyncApiTest -Dregenerate=true\n"
                + YamlText.of(new AsyncApi(catalogue, version).document());
    }

    private ObjectNode document() {
        ObjectNode document = object().put("asyncapi", "3.0.0");
        document.putObject("info")
                .put("title", "Rollback topics")
                .put("version", version)
                .put("description", DESCRIPTION)
                .putObject("license")
                .put("name", "Apache-2.0");
        document.put("defaultContentType", "application/vnd.apache.avro");
        ObjectNode servers = document.putObject("servers");
        servers.putObject("kafka")
                .put("host", "localhost:9092")
                .put("protocol", "kafka")
                .putObject("bindings")
                .putObject("kafka")
                .put("schemaRegistryUrl", "http://localhost:8081/apis/ccompat/v7")
                .put("schemaRegistryVendor", "apicurio")
                .put("bindingVersion", "0.5.0");
        ObjectNode channels = document.putObject("channels");
        ObjectNode operations = document.putObject("operations");
        ObjectNode messages = document.putObject("components").putObject("messages");
        Set<String> received = Set.of(
                catalogue.incidents().name(), catalogue.operatorCommands().name());
        for (Topic topic : catalogue.all()) {
            boolean isReceived = received.contains(topic.name());
            channels.set(topic.name(), channel(topic));
            operations.set((isReceived ? "receive." : "send.") + topic.name(), operation(topic, isReceived));
            topic.schema().ifPresent(schema -> messages.set(schema.getName(), AvroMessage.of(schema)));
        }
        return document;
    }

    private static ObjectNode channel(Topic topic) {
        ObjectNode channel = object().put("address", topic.name()).put("description", topic.doc());
        topic.schema()
                .map(Schema::getName)
                .ifPresent(name ->
                        channel.putObject("messages").putObject(name).put("$ref", "#/components/messages/" + name));
        ObjectNode kafka = channel.putObject("bindings").putObject("kafka");
        kafka.put("partitions", topic.partitions());
        ObjectNode configuration = kafka.putObject("topicConfiguration");
        configuration.putArray("cleanup.policy").add(topic.cleanup().policy());
        configuration.put("retention.ms", topic.retention().toMillis());
        kafka.put("bindingVersion", "0.5.0");
        return channel;
    }

    private static ObjectNode operation(Topic topic, boolean isReceived) {
        ObjectNode operation = object().put("action", isReceived ? "receive" : "send");
        operation.put("summary", "Written by: " + topic.writtenBy() + ".");
        // A JSON pointer's "/" and "~" do not occur in topic names.
        operation.putObject("channel").put("$ref", "#/channels/" + topic.name());
        return operation;
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
