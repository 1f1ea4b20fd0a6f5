package io.freedom.rollback.worker;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reports every attempt's progress at a fixed pace, since silence counts as death; ends those out of time. */
final class Heartbeat implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);

    /** Less than what a lease that is over here still has for others. */
    private static final Duration LOOK = Duration.ofMillis(500);

    // What is published waits for a broker that is away; time runs out all the same.
    private final ScheduledExecutorService limits = timer("time-limits");
    private final ScheduledExecutorService beats = timer("heartbeat");

    Heartbeat(StepRunner runner, Duration pace, InstantSource clock) {
        every(pace.compareTo(LOOK) < 0 ? pace : LOOK, limits, () -> endWhatIsCutOff(runner));
        every(pace, limits, () -> expire(runner, clock));
        every(pace, beats, () -> beat(runner));
    }

    private static ScheduledExecutorService timer(String name) {
        return Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name(name).factory());
    }

    private static void every(Duration pace, ScheduledExecutorService timer, Runnable work) {
        Runnable whateverHappens = () -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                LOG.warn("goes on in {} ms", pace.toMillis(), e); // a timer never runs again what has once thrown
            }
        };
        timer.scheduleWithFixedDelay(whateverHappens, pace.toMillis(), pace.toMillis(), TimeUnit.MILLISECONDS);
    }

    static void endWhatIsCutOff(StepRunner runner) {
        runner.unfinished().forEach(Attempt::endIfCutOff);
    }

    static void expire(StepRunner runner, InstantSource clock) {
        for (var attempt : runner.unfinished()) {
            if (clock.instant().isAfter(attempt.deadline())) {
                attempt.expire();
            }
        }
    }

    /** Also of those that wait for their turn. Whoever has taken over what was relinquished reports that himself. */
    static void beat(StepRunner runner) {
        for (var attempt : runner.unfinished()) {
            if (!attempt.relinquished()) {
                attempt.publish(attempt.lastProgress());
            }
        }
    }

    @Override
    public void close() {
        limits.shutdownNow();
        beats.shutdownNow();
    }
}
