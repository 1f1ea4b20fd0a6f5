package io.freedom.rollback.orchestrator;

import io.freedom.rollback.orchestrator.streams.Mishaps;
import io.freedom.rollback.schemas.topics.KafkaReach;
import io.freedom.rollback.schemas.topics.TopicProvisioning;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.SmartLifecycle;
import org.springframework.kafka.config.StreamsBuilderFactoryBean;

/** Starts the Streams application once Kafka answers and the topics exist, and says how it is. */
final class Orchestrator implements SmartLifecycle, HealthIndicator {
    private static final Duration STOPPING = Duration.ofSeconds(10);

    private final StreamsBuilderFactoryBean streams;
    private final KafkaReach reach;
    private final Mishaps mishaps;
    /** Does what it is given once Kafka answers and the topics exist. */
    private final Consumer<Runnable> topicsThere;

    private final Supplier<String> waitingFor;
    private final Optional<Supplier<KafkaStreams>> keeper;
    private volatile @Nullable KafkaStreams keeping;
    private volatile @Nullable Thread starter;

    Orchestrator(
            StreamsBuilderFactoryBean streams,
            Optional<Supplier<KafkaStreams>> keeper,
            KafkaReach reach,
            Mishaps mishaps,
            TopicProvisioning topics) {
        this(streams, keeper, reach, mishaps, topics::await, topics::state);
    }

    Orchestrator(
            StreamsBuilderFactoryBean streams,
            Optional<Supplier<KafkaStreams>> keeper,
            KafkaReach reach,
            Mishaps mishaps,
            Consumer<Runnable> topicsThere,
            Supplier<String> waitingFor) {
        this.keeper = keeper;
        this.reach = reach;
        this.mishaps = mishaps;
        this.streams = streams;
        this.topicsThere = topicsThere;
        this.waitingFor = waitingFor;
    }

    @Override
    public synchronized void start() {
        // In the background: the web server must be able to say that Kafka is what is waited for.
        starter = Thread.ofVirtual().name("orchestrator-start").start(() -> topicsThere.accept(this::run));
    }

    /** All of it or nothing: who stops this waits for it. */
    private synchronized void run() {
        if (starter != Thread.currentThread()) {
            return; // stopped since
        }
        streams.start();
        keeper.ifPresent(make -> {
            closeKeeper(); // where starting it failed, and is tried again
            var made = make.get();
            keeping = made;
            made.start();
        });
    }

    @Override
    public void stop() {
        var starting = starter;
        if (starting != null) {
            starting.interrupt(); // it may hold what is waited for
        }
        stopAll();
    }

    private synchronized void stopAll() {
        starter = null;
        streams.stop();
        closeKeeper();
    }

    private void closeKeeper() {
        var running = keeping;
        if (running != null) {
            running.close(STOPPING);
            keeping = null;
        }
    }

    @Override
    public boolean isRunning() {
        return starter != null;
    }

    @Override
    public Health health() {
        var running = streams.getKafkaStreams();
        if (running == null) {
            return Health.down().withDetail("state", waitingFor.get()).build();
        }
        // What lost its clock gets it back with a new process: whoever watches this one is to start it anew.
        var sites = keeping;
        boolean isFit = reach.answers()
                && running.state().isRunningOrRebalancing()
                && (sites == null || sites.state().isRunningOrRebalancing())
                && mishaps.left().isEmpty();
        var health = isFit ? Health.up() : Health.down();
        var putAside = mishaps.putAside();
        if (!putAside.isEmpty()) {
            health.withDetail("putAside", putAside);
        }
        if (sites != null) {
            health.withDetail("sites", sites.state().name());
        }
        return health.withDetail("state", running.state().name())
                .withDetail("kafka", reach.state())
                .build();
    }
}
