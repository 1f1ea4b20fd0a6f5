package io.freedom.rollback.orchestrator.delivery;

import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.notification.Delivery;
import io.freedom.rollback.schemas.notification.DeliveryState;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.secret.SecretReferences;
import io.freedom.rollback.schemas.serde.Beginning;
import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.serde.SpecificAvroSerializer;
import io.freedom.rollback.schemas.serde.UnreadableRecordException;
import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import io.freedom.rollback.schemas.topics.TopicProvisioning;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.SmartLifecycle;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.AcknowledgingMessageListener;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.util.backoff.FixedBackOff;

/**
 * Delivers notifications. What fails moves to the end of a topic of its own, and is tried again when it has lain there for a
 * while: a mail server that is down must not keep the messages to a chat waiting, and all lie equally long, so that the
 * first is always the next that is due.
 */
public final class DeliveryLoop implements SmartLifecycle, HealthIndicator {
    private static final Logger LOG = LoggerFactory.getLogger(DeliveryLoop.class);
    private static final Duration PAUSE = Duration.ofSeconds(20);

    private final TopicCatalogue topics;
    private final TopicProvisioning provisioning;
    private final InstantSource clock;
    private final Courier courier;
    private final SpecificAvroDeserializer<Notification> reader = new SpecificAvroDeserializer<>();
    private final DefaultKafkaProducerFactory<String, SpecificRecord> producers;
    private final KafkaTemplate<String, SpecificRecord> template;
    private final ConcurrentMessageListenerContainer<byte[], byte[]> first;
    private final ConcurrentMessageListenerContainer<byte[], byte[]> again;
    /** By platform and channel, why its last message did not get through. */
    private final Map<String, String> failing = new ConcurrentHashMap<>();

    private volatile @Nullable Thread starter;

    /**
     * @param kafka settings of clients
     * @param registry settings of the serdes
     */
    public DeliveryLoop(
            TopicCatalogue topics,
            Map<String, Object> kafka,
            Map<String, ?> registry,
            short replicationFactor,
            InstantSource clock) {
        this.topics = topics;
        this.clock = clock;
        provisioning = new TopicProvisioning(topics, kafka, replicationFactor);
        courier = new Courier(new SecretReferences(System.getenv(), "the orchestrator"), clock);

        var reading = new HashMap<String, Object>(registry);
        reading.put("specific.avro.value.type", Notification.class);
        reader.configure(reading, false);
        var serializer = new SpecificAvroSerializer<SpecificRecord>();
        serializer.configure(registry, false);
        var producing = new HashMap<>(kafka);
        producing.put(ProducerConfig.CLIENT_ID_CONFIG, "rollback-notifications");
        producing.put(ProducerConfig.ACKS_CONFIG, "all");
        producers = new DefaultKafkaProducerFactory<>(producing, new StringSerializer(), serializer);
        template = new KafkaTemplate<>(producers);
        first = container(topics.notifications(), kafka, this::deliver);
        again = container(topics.notificationsToRetry(), kafka, this::deliverWhenDue);
    }

    private static ConcurrentMessageListenerContainer<byte[], byte[]> container(
            Topic topic, Map<String, Object> kafka, AcknowledgingMessageListener<byte[], byte[]> listener) {
        var consuming = new HashMap<>(kafka);
        consuming.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        consuming.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        consuming.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        // A mail server may take 10 s for each of its answers, and the group waits 5 minutes for the next poll.
        consuming.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        var settings = new ContainerProperties(topic.name());
        settings.setGroupId(topic.name());
        settings.setAckMode(AckMode.MANUAL_IMMEDIATE);
        settings.setMessageListener(listener);
        settings.setMissingTopicsFatal(false);
        var container = new ConcurrentMessageListenerContainer<>(
                new DefaultKafkaConsumerFactory<>(consuming, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
                settings);
        container.setBeanName(topic.name());
        // Only where the broker or the registry is away.
        container.setCommonErrorHandler(
                new DefaultErrorHandler(new FixedBackOff(1000, FixedBackOff.UNLIMITED_ATTEMPTS)));
        return container;
    }

    private void deliver(ConsumerRecord<byte[], byte[]> message, @Nullable Acknowledgment acknowledgment) {
        deliver(message, topics.notifications(), true);
        Objects.requireNonNull(acknowledgment).acknowledge();
    }

    private void deliverWhenDue(ConsumerRecord<byte[], byte[]> message, @Nullable Acknowledgment acknowledgment) {
        var wait = Duration.between(
                clock.instant(), Instant.ofEpochMilli(message.timestamp()).plus(PAUSE));
        if (wait.isPositive()) {
            Objects.requireNonNull(acknowledgment).nack(wait);
            return;
        }
        deliver(message, topics.notificationsToRetry(), false);
        Objects.requireNonNull(acknowledgment).acknowledge();
    }

    /** Each attempt but the first that fails says nothing new. */
    private void deliver(ConsumerRecord<byte[], byte[]> message, Topic topic, boolean isFirst) {
        var notification = read(message, topic);
        if (notification == null) {
            return;
        }
        var delivery = attempt(notification);
        boolean failed = delivery.getState() == DeliveryState.FAILED;
        if (isFirst || !failed) {
            send(topics.deliveries(), notification.getPlatform(), delivery);
            tell(delivery);
        }
        if (failed) {
            send(topics.notificationsToRetry(), key(notification), notification);
        }
    }

    private Delivery attempt(Notification notification) {
        try {
            var delivery = courier.attempt(notification);
            if (delivery.getState() == DeliveryState.DELIVERED) {
                failing.remove(key(notification));
            } else {
                failing.put(key(notification), delivery.getDetail());
            }
            return delivery;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted before " + notification.getNotificationId() + " was sent", e);
        }
    }

    private static void tell(Delivery delivery) {
        switch (delivery.getState()) {
            case DELIVERED -> LOG.info("notification {}: {}", delivery.getNotificationId(), delivery.getDetail());
            case FAILED ->
                LOG.warn(
                        "notification {} not delivered, is tried again every {} s: {}",
                        delivery.getNotificationId(),
                        PAUSE.toSeconds(),
                        delivery.getDetail());
            case GIVEN_UP ->
                LOG.error("notification {} given up: {}", delivery.getNotificationId(), delivery.getDetail());
        }
    }

    /** Null where it cannot be read, and is put aside. */
    private @Nullable Notification read(ConsumerRecord<byte[], byte[]> message, Topic topic) {
        try {
            byte[] value = message.value();
            if (value == null) {
                throw new UnreadableRecordException("the record has no value", null);
            }
            return reader.deserialize(topic.name(), value);
        } catch (UnreadableRecordException e) {
            var letter = DeadLetter.newBuilder()
                    .setTopic(topic.name())
                    .setPartition(message.partition())
                    .setOffset(message.offset())
                    .setAt(clock.instant())
                    .setReason(String.valueOf(e.getMessage()))
                    .setKey(Beginning.ofKey(message.key()))
                    .setValue(Beginning.ofValue(message.value()))
                    .setSize(message.value() == null ? 0 : message.value().length)
                    .build();
            send(topics.deadLetters(topic), topic.name(), letter);
            return null;
        }
    }

    /** Waits until the broker has it; what is read is committed after that. */
    private void send(Topic topic, String key, SpecificRecord value) {
        template.send(topic.name(), key, value).join();
    }

    private static String key(Notification notification) {
        return notification.getPlatform() + "/" + notification.getChannel();
    }

    @Override
    public synchronized void start() {
        starter = Thread.ofVirtual().name("notifications-start").start(() -> provisioning.await(this::run));
    }

    private synchronized void run() {
        if (starter != Thread.currentThread()) {
            return; // stopped since
        }
        first.start();
        again.start();
    }

    @Override
    public void stop() {
        var starting = starter;
        if (starting != null) {
            starting.interrupt();
        }
        stopAll();
    }

    private synchronized void stopAll() {
        starter = null;
        first.stop();
        again.stop();
        producers.destroy();
    }

    @Override
    public boolean isRunning() {
        return starter != null;
    }

    /** A channel that does not work is told of; that does not make the orchestrator unfit. */
    @Override
    public Health health() {
        return Health.up()
                .withDetail("state", provisioning.state())
                .withDetail("failing", new TreeMap<>(failing))
                .build();
    }
}
