package io.freedom.rollback.standalone.broker;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Broker properties: what a single small machine needs, over Kafka's defaults. Durability is left as Kafka has it. */
final class BrokerSettings {
    private BrokerSettings() {}

    /** A broker that only this machine can reach. */
    static Map<String, String> onLoopback(Path directory, int brokerPort, int controllerPort) {
        var settings = smallMachine();
        settings.put("log.dirs", directory.toString());
        settings.put("listeners", "PLAINTEXT://127.0.0.1:" + brokerPort + ",CONTROLLER://127.0.0.1:" + controllerPort);
        settings.put("advertised.listeners", "PLAINTEXT://127.0.0.1:" + brokerPort);
        // A static quorum of one: the port may differ at the next start.
        settings.put("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        return settings;
    }

    /** Properties named as the public Kafka image names them: {@code KAFKA_LOG_DIRS} is {@code log.dirs}. */
    static Map<String, String> fromEnvironment(Map<String, String> environment) {
        var settings = smallMachine();
        environment.forEach((name, value) -> {
            if (name.startsWith("KAFKA_")) {
                settings.put(propertyOf(name), value);
            }
        });
        return settings;
    }

    private static String propertyOf(String variable) {
        return variable.substring("KAFKA_".length())
                .toLowerCase(Locale.ROOT)
                .replace("___", "-")
                .replace("__", "\u0000")
                .replace('_', '.')
                .replace('\u0000', '_');
    }

    private static Map<String, String> smallMachine() {
        var settings = new HashMap<String, String>();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", "1");
        settings.put("controller.listener.names", "CONTROLLER");
        settings.put("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT");
        settings.put("offsets.topic.replication.factor", "1");
        settings.put("offsets.topic.num.partitions", "6");
        settings.put("transaction.state.log.replication.factor", "1");
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("transaction.state.log.num.partitions", "6");
        // A transaction that follows hard on another waits for that one's end in pauses of this length; Kafka's 20 ms
        // are made for brokers on a network.
        settings.put("add.partitions.to.txn.retry.backoff.ms", "2");
        // How often is looked for transactions whose time is over: an orchestrator that takes over waits for that.
        // Kafka's 10 s would double its time.
        settings.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");
        settings.put("share.coordinator.state.topic.replication.factor", "1");
        settings.put("share.coordinator.state.topic.min.isr", "1");
        // All members of a group start with the process, so waiting for more of them only delays the first rollback.
        settings.put("group.initial.rebalance.delay.ms", "0");
        settings.put("num.network.threads", "2");
        settings.put("num.io.threads", "4");
        settings.put("background.threads", "4");
        // Kafka's default reserves 128 MB of heap; the compacted topics here hold some thousand keys.
        settings.put("log.cleaner.dedupe.buffer.size", "8388608");
        return settings;
    }
}
