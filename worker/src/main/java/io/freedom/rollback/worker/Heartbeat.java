package io.freedom.rollback.worker;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Reports every running attempt's progress at a fixed pace: the orchestrator takes silence for death. */
final class Heartbeat implements AutoCloseable {
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("heartbeat").factory());

    Heartbeat(StepRunner runner, StepEvents events, Duration pace) {
        timer.scheduleAtFixedRate(
                () -> runner.running().forEach(attempt -> events.publish(attempt.command(), attempt.lastProgress())),
                pace.toMillis(),
                pace.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
