package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.planning.LogCare;
import io.freedom.rollback.platform.LogPolicy;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.LogsKept;
import io.freedom.rollback.schemas.state.LogLooks;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Has the logs of a platform's containers kept, one look at a time, as {@link WalArchives} has what its database commits. Each is a command of its
 * own to a container worker, which keeps what came since the one before.
 */
public final class LogKeeping {
    /** Of the commands; no plan has such a step. */
    public static final String STEP = "container.keep-logs";

    /** Where there was more than one look keeps. */
    private static final Duration SOON = Duration.ofSeconds(5);
    /** After one that kept nothing, where the next would not be sooner. */
    private static final Duration AGAIN = Duration.ofMinutes(5);

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    // A worker that does not finish in time says so.
    private static final Duration GIVEN_UP = PATIENCE.plusSeconds(5);
    /** Looks, one after the other, before it is said that nothing is kept: an engine that is restarted is no news. */
    private static final int SURE = 2;

    private LogKeeping() {}

    /** Of a platform that is registered, perhaps anew; null where none were kept and none are to be. */
    public static @Nullable LogLooks planned(
            @Nullable LogLooks before, String platform, @Nullable LogPolicy policy, Instant now) {
        if (before != null) {
            return LogLooks.newBuilder(before).setNext(now).build();
        }
        return policy == null
                ? null
                : LogLooks.newBuilder()
                        .setId("logs-" + platform + "-" + now.getEpochSecond())
                        .setNext(now)
                        .setLast(now)
                        .build();
    }

    public static boolean isDue(LogLooks looks, Instant now) {
        return !isUnderWay(looks) && !now.isBefore(looks.getNext());
    }

    /** Whether nobody has answered the newest look in the time that it had. */
    public static boolean isUnanswered(LogLooks looks, Instant now) {
        return isUnderWay(looks) && !now.isBefore(looks.getLast().plus(GIVEN_UP));
    }

    private static boolean isUnderWay(LogLooks looks) {
        return looks.getHeard() < looks.getAsked();
    }

    /** After the look that is due was asked for. */
    public static LogLooks asked(LogLooks looks, LogPolicy policy, Instant now) {
        return LogLooks.newBuilder(looks)
                .setAsked(looks.getAsked() + 1)
                .setLast(now)
                .setEvery(policy.every().toMillis())
                .setNext(now.plus(policy.every()))
                .build();
    }

    /** @param looks before it was asked for */
    public static StepCommand look(LogLooks looks, PlatformDescriptor platform, Instant now) {
        return StepCommand.newBuilder()
                .setPlatform(platform.name())
                .setSite(platform.site())
                .setRollbackId(looks.getId())
                .setStepId(STEP)
                .setAttempt(looks.getAsked() + 1)
                .setAt(now)
                .setCommand(new ExecuteStep(new StepAction(LogCare.keep(platform)), List.of(), now.plus(PATIENCE)))
                .build();
    }

    /**
     * What the newest look came to.
     *
     * @param kept null where it kept nothing
     * @param fault why; null where it did
     */
    public record Answer(@Nullable LogsKept kept, @Nullable String fault) {}

    /** Empty if the event is no answer to the newest look. */
    public static Optional<Answer> found(LogLooks looks, StepEvent event) {
        boolean isNewest = event.getRollbackId().equals(looks.getId()) && event.getAttempt() == looks.getAsked();
        if (!isNewest || !isUnderWay(looks)) {
            return Optional.empty();
        }
        return switch (event.getEvent()) {
            case StepDone done
            when done.getResult().getResult() instanceof LogsKept kept -> Optional.of(new Answer(kept, null));
            case StepError error -> Optional.of(new Answer(null, error.getMessage()));
            case StepCancelled cancelled ->
                Optional.of(new Answer(null, "it could not be done: " + cancelled.getReason()));
            default -> Optional.empty();
        };
    }

    public static Answer unanswered() {
        return new Answer(null, "no container worker of its site answers");
    }

    /** @param quiet whether something is at work on the platform: that its engine does not answer then is no news */
    public static LogLooks heard(LogLooks looks, Answer answer, boolean quiet) {
        var kept = answer.kept();
        var every = Duration.ofMillis(looks.getEvery());
        var pause = kept == null ? shorter(AGAIN, every) : kept.getMore() ? shorter(SOON, every) : every;
        var until = kept == null || kept.getUntil() == null ? looks.getUntil() : kept.getUntil();
        return LogLooks.newBuilder(looks)
                .setHeard(looks.getAsked())
                .setFault(answer.fault())
                .setFailing(failing(looks, kept != null, quiet))
                .setUntil(until)
                .setNext(looks.getLast().plus(pause))
                .build();
    }

    /** What people know of goes on being known. */
    private static int failing(LogLooks looks, boolean well, boolean quiet) {
        if (well) {
            return 0;
        }
        if (looks.getFailing() >= SURE) {
            return SURE + 1;
        }
        return quiet ? looks.getFailing() : looks.getFailing() + 1;
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** Whether the history is to say that nothing is kept: once, until it is again. */
    public static boolean isInterrupted(LogLooks before, LogLooks after) {
        return after.getFailing() == SURE && before.getFailing() != SURE;
    }

    /** Whether the history is to say that they are kept, or that what is left out has changed. */
    public static boolean isNews(LogLooks looks, Answer answer) {
        var kept = answer.kept();
        return kept != null
                && !kept.getMore()
                && !(looks.getTold() && looks.getNotes().equals(kept.getNotes()));
    }

    /** After the history has said so. */
    public static LogLooks told(LogLooks looks, LogsKept kept) {
        return LogLooks.newBuilder(looks)
                .setTold(true)
                .setNotes(kept.getNotes())
                .build();
    }

    public static LogLooks interrupted(LogLooks looks) {
        return LogLooks.newBuilder(looks).setTold(false).build();
    }

    /** What was logged before is kept; empty for nothing. */
    public static Optional<Instant> until(@Nullable LogLooks looks) {
        return Optional.ofNullable(looks).map(LogLooks::getUntil).filter(Objects::nonNull);
    }
}
