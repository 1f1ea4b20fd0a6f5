package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.planning.Looks;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.AnomaliesLookedFor;
import io.freedom.rollback.schemas.state.StabilityWatch;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Looks at a platform now and then after a rollback, one look at a time. Each is a command of its own to a health worker.
 * Nothing is started because of what they find.
 */
public final class Watches {
    /** Of the commands; no plan has such a step. */
    public static final String STEP = "health.look-for-anomalies";

    /** Of the last five looks. */
    private static final int REMEMBERED = 0b11111;

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * What a look came to.
     *
     * @param anomalies one line each, empty for nothing
     * @param running services, other than jobs
     * @param unwell services that an anomaly is about
     */
    public record Look(List<String> anomalies, List<String> running, List<String> unwell) {
        public Look {
            anomalies = List.copyOf(anomalies);
            running = List.copyOf(running);
            unwell = List.copyOf(unwell);
        }
    }

    private Watches() {}

    /** @param began when the rollback had */
    public static StabilityWatch begin(String rollbackId, PlatformDescriptor platform, Instant began, Instant now) {
        return StabilityWatch.newBuilder()
                .setRollbackId(rollbackId)
                .setBegan(began)
                .setSince(now)
                .setUntil(now.plus(platform.watch().during()))
                .setNext(now) // what runs then is to run on
                .setLast(now)
                .setAnsweredAt(now)
                .build();
    }

    public static boolean isOver(StabilityWatch watch, Instant now) {
        return !now.isBefore(watch.getUntil());
    }

    public static boolean isDue(StabilityWatch watch, Instant now) {
        return turns(watch).isDue(now);
    }

    /** Whether nobody has answered the newest look in the time that it had. */
    public static boolean isUnanswered(StabilityWatch watch, Instant now) {
        return turns(watch).isUnanswered(PATIENCE, now);
    }

    private static Turns turns(StabilityWatch watch) {
        return new Turns(
                watch.getRollbackId(), watch.getAsked(), watch.getHeard(), watch.getLast(), watch.getNext(), 0);
    }

    /** After the look that is due was asked for. */
    public static StabilityWatch asked(StabilityWatch watch, PlatformDescriptor platform, Instant now) {
        return StabilityWatch.newBuilder(watch)
                .setAsked(watch.getAsked() + 1)
                .setLast(now)
                .setNext(now.plus(platform.watch().every()))
                .build();
    }

    /** @param watch before the look was asked for */
    public static StepCommand look(StabilityWatch watch, PlatformDescriptor platform, Instant now) {
        // One that an older release began does not say it.
        var seen = watch.getAnsweredAt().isBefore(watch.getSince()) ? watch.getLast() : watch.getAnsweredAt();
        var action = Looks.at(
                platform, watch.getBegan(), watch.getSince(), seen, now, watch.getServices(), watch.getUnwell());
        return turns(watch).asked(now).look(platform, STEP, action, PATIENCE);
    }

    /** What the newest look found; that a worker cannot look is an anomaly, too. Empty if it is no answer. */
    public static Optional<Look> found(StabilityWatch watch, StepEvent event) {
        if (!turns(watch).isAwaited(event)) {
            return Optional.empty();
        }
        return switch (event.getEvent()) {
            case StepDone done
            when done.getResult().getResult() instanceof AnomaliesLookedFor looked ->
                Optional.of(new Look(looked.getAnomalies(), looked.getRunning(), looked.getUnwell()));
            case StepError error -> Optional.of(new Look(List.of(error.getMessage()), List.of(), List.of()));
            default -> Optional.empty();
        };
    }

    /** Whether the newest look was handed from one worker to another, and is to be made up for. */
    public static boolean isHandedOn(StabilityWatch watch, StepEvent event) {
        return event.getEvent() instanceof StepCancelled && turns(watch).isAwaited(event);
    }

    /** It is due at once. */
    public static StabilityWatch handedOn(StabilityWatch watch) {
        return StabilityWatch.newBuilder(watch)
                .setHeard(watch.getAsked())
                .setNext(watch.getLast())
                .build();
    }

    public static StabilityWatch heard(StabilityWatch watch, Look look) {
        boolean well = look.anomalies().isEmpty();
        return StabilityWatch.newBuilder(watch)
                .setHeard(watch.getAsked())
                .setAnsweredAt(watch.getLast())
                .setSilent(0)
                .setAnswered(watch.getAnswered() + 1)
                .setWithAnomalies(watch.getWithAnomalies() + (well ? 0 : 1))
                .setRunning(well ? 0 : watch.getRunning() + 1)
                .setRecent((watch.getRecent() << 1 | (well ? 0 : 1)) & REMEMBERED)
                // What somebody adds later may go again.
                .setServices(watch.getServices().isEmpty() ? look.running() : watch.getServices())
                .setUnwell(look.unwell())
                .build();
    }

    /** After the newest look was given up. */
    public static StabilityWatch unheard(StabilityWatch watch) {
        return StabilityWatch.newBuilder(watch)
                .setHeard(watch.getAsked())
                .setSilent(watch.getSilent() + 1)
                .build();
    }

    /** Says nothing about the platform; but people rely on the watch. Once, as long as nobody answers. */
    public static boolean isUnattended(StabilityWatch watch, PlatformDescriptor platform) {
        return watch.getSilent() == platform.watch().looks();
    }

    /** In looks one after the other; or in one more of the last five, as what ends again and again is found. */
    public static boolean isRelapse(StabilityWatch watch, PlatformDescriptor platform) {
        int looks = platform.watch().looks();
        return watch.getRunning() >= looks || Integer.bitCount(watch.getRecent()) > looks;
    }
}
