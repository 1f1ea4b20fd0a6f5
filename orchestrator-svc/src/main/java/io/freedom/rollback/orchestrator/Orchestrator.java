package io.freedom.rollback.orchestrator;

import io.freedom.rollback.orchestrator.streams.Mishaps;
import io.freedom.rollback.schemas.topics.KafkaReach;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import io.freedom.rollback.schemas.topics.TopicProvisioning;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.SmartLifecycle;
import org.springframework.kafka.config.StreamsBuilderFactoryBean;

/** Starts the Streams application once Kafka answers and the topics exist, and says how it is. */
final class Orchestrator implements SmartLifecycle, HealthIndicator {
    private final StreamsBuilderFactoryBean streams;
    private final KafkaReach reach;
    private final Mishaps mishaps;
    private final TopicProvisioning topics;
    private volatile @Nullable Thread starter;

    Orchestrator(
            StreamsBuilderFactoryBean streams,
            KafkaReach reach,
            Mishaps mishaps,
            TopicCatalogue topics,
            Map<String, Object> kafka,
            short replication) {
        this.reach = reach;
        this.mishaps = mishaps;
        this.streams = streams;
        this.topics = new TopicProvisioning(topics, kafka, replication);
    }

    @Override
    public void start() {
        // In the background: the web server must be able to say that Kafka is what is waited for.
        starter = Thread.ofVirtual().name("orchestrator-start").start(() -> topics.await(streams::start));
    }

    @Override
    public void stop() {
        var starting = starter;
        if (starting != null) {
            starting.interrupt();
            starter = null;
        }
        streams.stop();
    }

    @Override
    public boolean isRunning() {
        return starter != null;
    }

    @Override
    public Health health() {
        var running = streams.getKafkaStreams();
        if (running == null) {
            return Health.down().withDetail("state", topics.state()).build();
        }
        // What lost its clock gets it back with a new process: whoever watches this one is to start it anew.
        boolean isFit = reach.answers()
                && running.state().isRunningOrRebalancing()
                && mishaps.left().isEmpty();
        var health = isFit ? Health.up() : Health.down();
        var putAside = mishaps.putAside();
        if (!putAside.isEmpty()) {
            health.withDetail("putAside", putAside);
        }
        return health.withDetail("state", running.state().name())
                .withDetail("kafka", reach.state())
                .build();
    }
}
