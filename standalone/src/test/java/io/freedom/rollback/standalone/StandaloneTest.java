package io.freedom.rollback.standalone;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StandaloneTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @Test
    void keepsTopicsAndSchemaIdsOverARestart() throws Exception {
        var first = Ports.free();
        String schemaId;
        try (var system = start(first)) {
            assertThat(system).isNotNull();
            write(first, "a record");
            schemaId = register(first);
            assertThat(get("http://127.0.0.1:" + first.http() + "/actuator/health"))
                    .contains("\"broker\":{", "\"registry\":{", "\"orchestrator")
                    .doesNotContain("DOWN");
        }
        assertThat(printed.toString(UTF_8)).contains("broker", "registry", "services");

        var second = Ports.free();
        try (var system = start(second)) {
            assertThat(system).isNotNull();
            assertThat(read(second)).containsExactly("a record");
            assertThat(register(second)).isEqualTo(schemaId);
        }
    }

    @Test
    void namesThePortThatIsInUseAndTheOptionToChooseAnother() throws IOException {
        var free = Ports.free();
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var ports = new Ports(free.broker(), free.controller(), taken.getLocalPort(), free.http());

            assertThatThrownBy(() -> start(ports))
                    .isInstanceOf(StartupException.class)
                    .hasMessageContaining("port " + taken.getLocalPort() + " is in use")
                    .hasMessageContaining("--registry-port");
        }
        // The failed start gave the directory free again.
        DataDirectoryTest.openAndClose(directory);
    }

    @Test
    void refusesToUseOnePortTwice() throws IOException {
        var free = Ports.free();

        assertThatThrownBy(() -> start(new Ports(free.broker(), free.broker(), free.registry(), free.http())))
                .hasMessageContaining("--broker-port and --controller-port are both " + free.broker());
    }

    private Standalone start(Ports ports) {
        var settings = new Settings(directory, Settings.registryOfDistribution(), ports);
        return Standalone.start(settings, new Console(new PrintStream(printed, true, UTF_8)), () -> {});
    }

    private static void write(Ports ports, String value) throws Exception {
        try (var producer = new KafkaProducer<>(
                Map.<String, Object>of("bootstrap.servers", "127.0.0.1:" + ports.broker()),
                new StringSerializer(),
                new StringSerializer())) {
            producer.send(new ProducerRecord<>("kept", value)).get();
        }
    }

    private static List<String> read(Ports ports) {
        try (var consumer = new KafkaConsumer<>(
                Map.<String, Object>of("bootstrap.servers", "127.0.0.1:" + ports.broker()),
                new StringDeserializer(),
                new StringDeserializer())) {
            var partition = new TopicPartition("kept", 0);
            consumer.assign(Set.of(partition));
            consumer.seekToBeginning(Set.of(partition));
            return StreamSupport.stream(consumer.poll(Duration.ofSeconds(10)).spliterator(), false)
                    .map(found -> found.value())
                    .toList();
        }
    }

    /** Registering the same schema again answers with the id it has. */
    private static String register(Ports ports) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + ports.registry() + "/apis/ccompat/v7/subjects/kept-value/versions"))
                .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"schema\": \"{\\\"type\\\": \\\"string\\\"}\"}"))
                .build();
        return send(request);
    }

    private static String get(String address) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(address)).build());
    }

    private static String send(HttpRequest request) throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient()) {
            var response = client.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            return response.body();
        }
    }
}
