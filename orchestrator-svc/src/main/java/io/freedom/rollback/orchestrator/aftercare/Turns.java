package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.specific.SpecificRecordBase;

/**
 * Looks at one thing, one at a time. Each has a number, by which a worker knows the newest.
 *
 * @param id of all of them
 * @param asked looks that were asked for
 * @param heard number of the newest look that is over, because it was answered or because nobody did
 * @param last when the newest was asked for
 * @param next when the next is due
 * @param failing looks that failed, one after the other until now
 */
public record Turns(String id, int asked, int heard, Instant last, Instant next, int failing) {
    /** A worker that does not finish in time says so. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    /** @param kept a record that has fields of these names */
    public static Turns of(SpecificRecordBase kept) {
        return new Turns(
                (String) kept.get("id"),
                (int) kept.get("asked"),
                (int) kept.get("heard"),
                (Instant) kept.get("last"),
                (Instant) kept.get("next"),
                (int) kept.get("failing"));
    }

    /** A copy of the record they were taken from, with them as they are now. */
    <S extends SpecificRecordBase> S in(S kept) {
        var copy = kept.getSpecificData().deepCopy(kept.getSchema(), kept);
        copy.put("asked", asked);
        copy.put("heard", heard);
        copy.put("last", last);
        copy.put("next", next);
        copy.put("failing", failing);
        return copy;
    }

    boolean isDue(Instant now) {
        return !isUnderWay() && !now.isBefore(next);
    }

    /** Whether nobody has answered the newest in the time that it had. */
    boolean isUnanswered(Duration patience, Instant now) {
        return isUnderWay() && !now.isBefore(last.plus(patience).plus(GRACE));
    }

    /** Whether the event is about the newest, and nothing was heard of that yet. */
    boolean isAwaited(StepEvent event) {
        return isUnderWay() && event.getRollbackId().equals(id) && event.getAttempt() == asked;
    }

    private boolean isUnderWay() {
        return heard < asked;
    }

    Turns due(Instant at) {
        return new Turns(id, asked, heard, last, at, failing);
    }

    Turns asked(Instant now) {
        return new Turns(id, asked + 1, heard, now, now, failing);
    }

    Turns heard(int failures) {
        return new Turns(id, asked, asked, last, next, failures);
    }

    /** The newest said nothing, and is made up for at once. */
    Turns again() {
        return new Turns(id, asked, asked, last, last, failing);
    }

    /** The newest, as a command. */
    StepCommand look(PlatformDescriptor platform, String step, SpecificRecord action, Duration patience) {
        return StepCommand.newBuilder()
                .setPlatform(platform.name())
                .setSite(platform.site())
                .setRollbackId(id)
                .setStepId(step)
                .setAttempt(asked)
                .setAt(last)
                .setCommand(new ExecuteStep(new StepAction(action), List.of(), last.plus(patience)))
                .build();
    }
}
