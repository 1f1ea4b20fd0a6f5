package io.freedom.rollback.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.orchestrator.streams.Mishaps;
import io.freedom.rollback.schemas.topics.KafkaReach;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.kafka.config.KafkaStreamsConfiguration;
import org.springframework.kafka.config.StreamsBuilderFactoryBean;

/** It is stopped while it starts. */
@Timeout(60)
class OrchestratorTest {
    private static final Map<String, Object> KAFKA = Map.of(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "127.0.0.1:1");

    /** Remembers only whether it runs. */
    private static final class Sagas extends StreamsBuilderFactoryBean {
        private boolean runs;

        Sagas() {
            super(new KafkaStreamsConfiguration(KAFKA));
        }

        @Override
        public synchronized void start() {
            runs = true;
        }

        @Override
        public synchronized void stop() {
            runs = false;
        }

        @Override
        public synchronized boolean isRunning() {
            return runs;
        }
    }

    private final KafkaReach reach = KafkaReach.begin(KAFKA);
    private final Sagas sagas = new Sagas();
    private final AtomicReference<KafkaStreams> keeper = new AtomicReference<>();
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final CountDownLatch started = new CountDownLatch(1);

    @TempDir
    Path directory;

    @AfterEach
    void close() {
        reach.close();
    }

    private KafkaStreams made() {
        var settings = new Properties();
        settings.putAll(KAFKA);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "keeper");
        settings.put(StreamsConfig.STATE_DIR_CONFIG, directory.toString());
        var builder = new StreamsBuilder();
        builder.stream("sites").foreach((_, _) -> {});
        keeper.set(new KafkaStreams(builder.build(), settings));
        return keeper.get();
    }

    private Orchestrator orchestrator(Supplier<KafkaStreams> make, Runnable beforeItRuns) {
        return new Orchestrator(
                sagas,
                Optional.of(make),
                reach,
                new Mishaps(),
                run -> {
                    beforeItRuns.run();
                    run.run();
                    started.countDown();
                },
                () -> "");
    }

    /** Whatever interrupts it. */
    private void standStill() {
        reached.countDown();
        boolean interrupted = false;
        while (goOn.getCount() > 0) {
            try {
                goOn.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void startsNothingOnceItWasStopped() throws InterruptedException {
        var orchestrator = orchestrator(this::made, this::standStill);
        orchestrator.start();
        reached.await();

        orchestrator.stop();
        goOn.countDown();
        started.await();

        assertThat(sagas.isRunning()).isFalse();
        assertThat(keeper).hasNullValue();
    }

    @Test
    void stopsTheKeeperThatIsBeingStarted() throws InterruptedException {
        var orchestrator = orchestrator(
                () -> {
                    standStill();
                    return made();
                },
                () -> {});
        orchestrator.start();
        reached.await();

        var stopping = Thread.ofPlatform().start(orchestrator::stop);
        await().until(() -> stopping.getState() == Thread.State.BLOCKED || !stopping.isAlive());
        goOn.countDown();
        started.await();
        stopping.join();

        assertThat(sagas.isRunning()).isFalse();
        assertThat(keeper.get().state()).isEqualTo(KafkaStreams.State.NOT_RUNNING);
    }
}
