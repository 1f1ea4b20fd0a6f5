package io.freedom.rollback.orchestrator;

import io.freedom.rollback.orchestrator.delivery.DeliveryLoop;
import io.freedom.rollback.orchestrator.streams.Mishaps;
import io.freedom.rollback.orchestrator.streams.PolledRecords;
import io.freedom.rollback.orchestrator.streams.RecoveryPoints;
import io.freedom.rollback.orchestrator.streams.SagaTopology;
import io.freedom.rollback.orchestrator.streams.SitesTopology;
import io.freedom.rollback.schemas.topics.KafkaReach;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import io.freedom.rollback.schemas.topics.TopicProvisioning;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.config.KafkaStreamsConfiguration;
import org.springframework.kafka.config.KafkaStreamsInfrastructureCustomizer;
import org.springframework.kafka.config.StreamsBuilderFactoryBean;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;

/** The orchestrator: one Kafka Streams application, and the webhook beside it. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(OrchestratorProperties.class)
public class OrchestratorConfiguration {
    private static final Logger LOG = LoggerFactory.getLogger(OrchestratorConfiguration.class);

    @Bean
    TopicCatalogue topicCatalogue(OrchestratorProperties properties) {
        return TopicCatalogue.withPrefix(properties.topicPrefix());
    }

    @Bean
    Mishaps mishaps() {
        return new Mishaps();
    }

    @Bean
    RecoveryPoints recoveryPoints() {
        return new RecoveryPoints(InstantSource.system());
    }

    @Bean
    KafkaReach orchestratorReach(KafkaProperties kafka) {
        return KafkaReach.begin(kafka.buildAdminProperties());
    }

    @Bean
    StreamsBuilderFactoryBean orchestratorStreams(
            OrchestratorProperties properties,
            KafkaProperties kafka,
            TopicCatalogue topics,
            Mishaps mishaps,
            RecoveryPoints recoveryPoints,
            KafkaReach orchestratorReach) {
        var streams = new StreamsBuilderFactoryBean(new KafkaStreamsConfiguration(settings(properties, kafka)));
        streams.setAutoStartup(false); // Orchestrator starts it, once the topics are there
        streams.setInfrastructureCustomizer(new KafkaStreamsInfrastructureCustomizer() {
            @Override
            public void configureBuilder(StreamsBuilder builder) {
                var registry = Map.of("schema.registry.url", properties.schemaRegistryUrl());
                new SagaTopology(
                                topics,
                                registry,
                                mishaps,
                                recoveryPoints,
                                properties.limits(),
                                orchestratorReach::answers)
                        .addTo(builder);
            }
        });
        streams.setStreamsUncaughtExceptionHandler(OrchestratorConfiguration::replace);
        return streams;
    }

    /** A thread that fails (broker or registry away) is replaced and takes its tasks up where they were committed. */
    private static StreamThreadExceptionResponse replace(Throwable failure) {
        LOG.error("a stream thread failed and is replaced", failure);
        return StreamThreadExceptionResponse.REPLACE_THREAD;
    }

    /** What keeps the permits of sites; none where no site has a limit. */
    private static Optional<Supplier<KafkaStreams>> keeper(
            OrchestratorProperties properties, KafkaProperties kafka, TopicCatalogue topics, Mishaps mishaps) {
        if (!properties.limits().any()) {
            return Optional.empty();
        }
        LOG.info("rollbacks that alerts may start at once: {}", properties.limits());
        var settings = settings(properties, kafka);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, topics.sitesId());
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        return Optional.of(() -> {
            var builder = new StreamsBuilder();
            var registry = Map.of("schema.registry.url", properties.schemaRegistryUrl());
            new SitesTopology(topics, registry, properties.limits(), mishaps).addTo(builder);
            var streams = new KafkaStreams(builder.build(), new StreamsConfig(settings));
            streams.setUncaughtExceptionHandler(OrchestratorConfiguration::replace);
            return streams;
        });
    }

    private static Map<String, Object> settings(OrchestratorProperties properties, KafkaProperties kafka) {
        var settings = new HashMap<String, Object>(kafka.buildAdminProperties());
        settings.put(
                StreamsConfig.APPLICATION_ID_CONFIG,
                TopicCatalogue.withPrefix(properties.topicPrefix()).orchestratorId());
        settings.put(
                StreamsConfig.STATE_DIR_CONFIG,
                properties.stateDirectory().toAbsolutePath().toString());
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        // What somebody waits for is committed at once, on request; the rest, such as a worker's acknowledgement, rides
        // along.
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 500);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, properties.streamThreads());
        settings.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, properties.standbyReplicas());
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, (int) properties.replicationFactor());
        // The store must not hold back what the history already says.
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(
                StreamsConfig.mainConsumerPrefix(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG),
                PolledRecords.class.getName());
        // These are processed, and mostly committed, together: not so many that the transaction's time is used up.
        settings.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 200);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 6000);
        // By their next heartbeat the others learn that one was lost.
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 500);
        // What a killed orchestrator had begun keeps all that comes after it from being read: the broker is to give it
        // up by the time that another takes over.
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), 4000);
        // A commit flushes at once whatever waits here. Until then it is gathered: each partition that joins a
        // transaction in a request of its own costs the broker a write to its transaction log.
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 100);
        return settings;
    }

    @Bean
    Orchestrator orchestrator(
            StreamsBuilderFactoryBean orchestratorStreams,
            OrchestratorProperties properties,
            KafkaProperties kafka,
            TopicCatalogue topics,
            Mishaps mishaps,
            KafkaReach orchestratorReach) {
        return new Orchestrator(
                orchestratorStreams,
                keeper(properties, kafka, topics, mishaps),
                orchestratorReach,
                mishaps,
                new TopicProvisioning(topics, kafka.buildAdminProperties(), properties.replicationFactor()));
    }

    @Bean
    DeliveryLoop notifications(OrchestratorProperties properties, KafkaProperties kafka, TopicCatalogue topics) {
        return new DeliveryLoop(
                topics,
                kafka.buildAdminProperties(),
                Map.of("schema.registry.url", properties.schemaRegistryUrl()),
                properties.replicationFactor(),
                InstantSource.system());
    }

    @Bean
    AlertmanagerWebhook alertmanagerWebhook(KafkaProperties kafka, TopicCatalogue topics) {
        var producers = new DefaultKafkaProducerFactory<byte[], byte[]>(
                new HashMap<>(kafka.buildAdminProperties()), new ByteArraySerializer(), new ByteArraySerializer());
        return new AlertmanagerWebhook(
                new KafkaTemplate<>(producers), topics.incidents().name());
    }
}
