package io.freedom.rollback.schemas.topics;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/** A real broker in this process, for as long as it is open. */
final class SmallBroker implements AutoCloseable {
    private final KafkaRaftServer server;
    private final String bootstrapServers;

    SmallBroker(Path directory) throws Exception {
        int broker = freePort();
        int controller = freePort();
        this.bootstrapServers = "127.0.0.1:" + broker;
        KafkaConfig config = new KafkaConfig(
                Map.of(
                        "process.roles", "broker,controller",
                        "node.id", "1",
                        "controller.listener.names", "CONTROLLER",
                        "listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
                        "listeners", "PLAINTEXT://" + bootstrapServers + ",CONTROLLER://127.0.0.1:" + controller,
                        "controller.quorum.voters", "1@127.0.0.1:" + controller,
                        "log.cleaner.dedupe.buffer.size", "8388608",
                        "log.dirs", directory.toString()),
                false);
        new Formatter()
                .setClusterId(Uuid.randomUuid().toString())
                .setNodeId(1)
                .setReleaseVersion(MetadataVersion.latestProduction())
                .setControllerListenerName("CONTROLLER")
                .setMetadataLogDirectory(config.metadataLogDir())
                .addDirectory(config.metadataLogDir())
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
                .run();
        this.server = new KafkaRaftServer(config, Time.SYSTEM);
        server.startup();
    }

    String bootstrapServers() {
        return bootstrapServers;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }
}
