package io.freedom.rollback.worker;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Reports every running attempt's progress at a fixed pace, since silence counts as death; ends those out of time. */
final class Heartbeat implements AutoCloseable {
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("heartbeat").factory());

    Heartbeat(StepRunner runner, StepEvents events, Duration pace, InstantSource clock) {
        timer.scheduleAtFixedRate(
                () -> beat(runner, events, clock), pace.toMillis(), pace.toMillis(), TimeUnit.MILLISECONDS);
    }

    static void beat(StepRunner runner, StepEvents events, InstantSource clock) {
        runner.running().forEach(attempt -> {
            if (clock.instant().isAfter(attempt.deadline())) {
                attempt.expire();
            }
            events.publish(attempt.command(), attempt.lastProgress());
        });
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
