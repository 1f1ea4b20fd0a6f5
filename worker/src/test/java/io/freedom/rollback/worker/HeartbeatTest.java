package io.freedom.rollback.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepProgress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** With Kafka away a send may fail or wait: neither silences the worker for good, nor keeps time from running out. */
@Timeout(20)
class HeartbeatTest {
    private static final Duration PACE = Duration.ofMillis(5);

    private final CountDownLatch released = new CountDownLatch(1);
    private final AtomicInteger beats = new AtomicInteger();

    /** Works until it is interrupted. */
    private final StepHandler<RemoveWorktree> endless = new StepHandler<>() {
        @Override
        public Class<RemoveWorktree> action() {
            return RemoveWorktree.class;
        }

        @Override
        public Probe probe(RemoveWorktree action, StepContext step) {
            return new Probe.NotApplied();
        }

        @Override
        public Completed execute(RemoveWorktree action, StepContext step) throws InterruptedException {
            new CountDownLatch(1).await();
            throw new AssertionError("nobody counts it down");
        }
    };

    private StepRunner runner(StepEvents events) {
        return new StepRunner(
                List.of(endless), events, new Secrets(Map.of()), InstantSource.system(), TestLeases.held(), 4);
    }

    private static StepCommand command(Instant deadline) {
        return StepCommand.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setRollbackId("rb-1")
                .setStepId("git.remove-worktree")
                .setAttempt(1)
                .setCompensation(false)
                .setAt(Instant.now())
                .setCommand(new ExecuteStep(new StepAction(new RemoveWorktree("/srv", "/tmp/w")), List.of(), deadline))
                .build();
    }

    @Test
    void goesOnAfterASendThatFailed() throws Exception {
        var events = new StepEvents("w:1", InstantSource.system(), event -> {
            if (event.getEvent() instanceof StepProgress && beats.incrementAndGet() == 1) {
                throw new IllegalStateException("Send failed");
            }
            return CompletableFuture.completedFuture(null);
        });
        var runner = runner(events);
        var step = runner.submit(command(Instant.now().plusSeconds(60)));
        try (var _ = new Heartbeat(runner, PACE, InstantSource.system())) {
            await().until(() -> beats.get() > 2);
        }
        runner.relinquish(runner.unfinished()).get(5, TimeUnit.SECONDS);
        assertThat(step).isCompleted();
    }

    @Test
    void endsWhatIsOutOfTimeWhileASendWaits() throws Exception {
        var events = new StepEvents("w:1", InstantSource.system(), event -> {
            if (event.getEvent() instanceof StepProgress) {
                beats.incrementAndGet();
                try {
                    released.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return CompletableFuture.completedFuture(null);
        });
        var runner = runner(events);
        var step = runner.submit(command(Instant.now().plusSeconds(60)));
        try (var _ = new Heartbeat(runner, PACE, InstantSource.system())) {
            await().until(() -> beats.get() > 0);
            runner.unfinished().forEach(attempt -> attempt.extend(Instant.now()));
            step.get(10, TimeUnit.SECONDS);
            assertThat(step).isCompleted();
        } finally {
            released.countDown();
        }
    }
}
