package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.serde.SpecificAvroSerializer;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.topics.KafkaReach;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import io.freedom.rollback.schemas.topics.TopicProvisioning;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.SmartLifecycle;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.util.backoff.FixedBackOff;

/** One capability listening to its command topic. */
final class WorkerLoop implements SmartLifecycle {
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final DefaultKafkaProducerFactory<String, SpecificRecord> producers;
    private final ConcurrentMessageListenerContainer<byte[], byte[]> container;
    private final StepRunner runner;
    private final StepEvents events;
    private final InstantSource clock;
    private final WorkerProperties properties;
    private final TopicProvisioning provisioning;
    private final KafkaReach reach;
    private volatile @Nullable Heartbeat heartbeat;
    private volatile @Nullable Thread starter;

    WorkerLoop(
            Capability capability,
            WorkerProperties properties,
            Map<String, Object> kafka,
            KafkaReach reach,
            InstantSource clock) {
        this.reach = reach;
        this.properties = properties;
        this.clock = clock;
        var topics = TopicCatalogue.withPrefix(properties.topicPrefix());
        provisioning = new TopicProvisioning(topics, kafka, properties.replicationFactor());
        var name = capability.worker().name().toLowerCase(Locale.ROOT);
        var registry = Map.of("schema.registry.url", properties.schemaRegistryUrl());

        var serializer = new SpecificAvroSerializer<SpecificRecord>();
        serializer.configure(registry, false);
        var producing = new HashMap<>(kafka);
        producing.put(ProducerConfig.CLIENT_ID_CONFIG, "rollback-" + name);
        producing.put(ProducerConfig.ACKS_CONFIG, "all");
        // An outcome is worth waiting for as long as the broker may be away.
        producing.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
        // Brokers that are away for long are asked for their topics anew, which waits for no delivery but for this.
        producing.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Integer.MAX_VALUE);
        producing.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        producers = new DefaultKafkaProducerFactory<>(producing, new StringSerializer(), serializer);
        var template = new KafkaTemplate<>(producers);

        events = new StepEvents(
                workerId(), clock, event -> template.send(topics.stepEvents().name(), event.getPlatform(), event));
        var leases = new Leases(System::nanoTime);
        runner = new StepRunner(
                capability.handlers(),
                events,
                new Secrets(System.getenv()),
                clock,
                leases,
                properties.concurrentSteps());

        var deserializer = new SpecificAvroDeserializer<StepCommand>();
        deserializer.configure(
                Map.of(
                        "schema.registry.url",
                        properties.schemaRegistryUrl(),
                        // Any other record of ours that strays in here is a dead letter too.
                        "specific.avro.value.type",
                        StepCommand.class),
                false);
        var commands = topics.commands(capability.worker());
        var deadLetters = topics.deadLetters(commands);
        var listener = new CommandListener(
                properties.site(),
                deserializer,
                runner,
                (DeadLetter letter) -> template.send(deadLetters.name(), letter),
                clock);

        var consuming = new HashMap<>(kafka);
        consuming.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        consuming.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        consuming.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        // Only what moves is taken away when another worker comes or goes; the rest works on.
        consuming.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        // A killed worker's platforms wait this long for another process.
        consuming.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, (int) Leases.SESSION.toMillis());
        consuming.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1500);
        // One that hangs holds up every rebalance for so long.
        consuming.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, 30_000);
        consuming.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 500);
        var settings = new ContainerProperties(commands.name());
        settings.setGroupId("rollback-" + name + "-" + properties.site());
        settings.setAckMode(AckMode.MANUAL_IMMEDIATE);
        // The poll loop must not wait for the commit: the next command may be there already.
        settings.setSyncCommits(false);
        settings.setMessageListener(listener);
        settings.setConsumerRebalanceListener(listener);
        settings.setMissingTopicsFatal(false);
        container = new ConcurrentMessageListenerContainer<>(
                new DefaultKafkaConsumerFactory<byte[], byte[]>(consuming) {
                    @Override
                    protected Consumer<byte[], byte[]> createRawConsumer(Map<String, Object> configuration) {
                        return new MemberConsumer(configuration, leases.membership(), runner::isBusy);
                    }
                },
                settings);
        container.setBeanName("rollback-" + name);
        // By default a command that comes while the registry is away would be tried ten times at once, then left out.
        container.setCommonErrorHandler(
                new DefaultErrorHandler(new FixedBackOff(PAUSE.toMillis(), FixedBackOff.UNLIMITED_ATTEMPTS)));
    }

    HealthIndicator health() {
        return new WorkerHealth(container, runner, provisioning, reach);
    }

    private static String workerId() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            host = "unknown";
        }
        return host + ":" + ProcessHandle.current().pid();
    }

    @Override
    public void start() {
        heartbeat = new Heartbeat(runner, properties.heartbeat(), clock);
        // A consumer of a topic that does not exist yet would notice it only minutes later.
        starter = Thread.ofVirtual().name("worker-start").start(() -> provisioning.await(container::start));
    }

    @Override
    public void stop() {
        var starting = starter;
        if (starting != null) {
            starting.interrupt();
        }
        container.stop();
        var beating = heartbeat;
        if (beating != null) {
            beating.close();
        }
        producers.destroy();
    }

    @Override
    public boolean isRunning() {
        return starter != null;
    }
}
