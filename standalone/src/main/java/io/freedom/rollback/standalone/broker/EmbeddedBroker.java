package io.freedom.rollback.standalone.broker;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/** A running broker and controller of this process. Data written before survives; a new directory is formatted. */
public final class EmbeddedBroker implements AutoCloseable {
    private final KafkaRaftServer server;

    private EmbeddedBroker(KafkaRaftServer server) {
        this.server = server;
    }

    /** Returns once clients are served. */
    public static EmbeddedBroker start(Path directory, String clusterId, int brokerPort, int controllerPort)
            throws Exception {
        return start(BrokerSettings.onLoopback(directory, brokerPort, controllerPort), clusterId);
    }

    static EmbeddedBroker start(Map<String, String> settings, String clusterId) throws Exception {
        var config = new KafkaConfig(settings, false);
        format(config, clusterId);
        var server = new KafkaRaftServer(config, Time.SYSTEM);
        try {
            server.startup();
        } catch (RuntimeException | Error e) {
            server.shutdown();
            throw e;
        }
        return new EmbeddedBroker(server);
    }

    private static void format(KafkaConfig config, String clusterId) throws Exception {
        new Formatter()
                .setClusterId(clusterId)
                .setNodeId(config.nodeId())
                .setReleaseVersion(MetadataVersion.latestProduction())
                .setControllerListenerName("CONTROLLER")
                .setMetadataLogDirectory(config.metadataLogDir())
                .addDirectory(config.metadataLogDir())
                .setIgnoreFormatted(true)
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
                .run();
    }

    void awaitShutdown() {
        server.awaitShutdown();
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }
}
