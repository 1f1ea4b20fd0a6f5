package io.freedom.rollback.orchestrator.records;

import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepStatus;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * The snapshot that operators see beside the one that follows from the history. Left out is only what no event tells: how
 * far an attempt is that runs, and why what only looked led on or did not, which the orchestrator decides afterwards.
 */
public final class StatusComparison {
    private static final Set<String> PROGRESS = Set.of("done", "total", "unit", "detail");
    private static final Set<String> CONTINUATION = Set.of("continuedBy", "reason");
    /** Each is compared by itself. */
    private static final Set<String> STEPS = Set.of("steps");

    /** Characters of a text that are shown. */
    private static final int ROOM = 80;

    private final Rollback rebuilt;
    private final RollbackStatus shown;

    private StatusComparison(Rollback rebuilt, RollbackStatus shown) {
        this.rebuilt = rebuilt;
        this.shown = shown;
    }

    /** The first field that differs. */
    public static Optional<String> difference(Rollback rebuilt, RollbackStatus shown) {
        return new StatusComparison(rebuilt, shown).difference();
    }

    private Optional<String> difference() {
        var expected = StatusView.of(rebuilt, Progress.UNKNOWN, shown.getAt());
        var aside = leadsOn(expected) || shown.getContinuedBy() != null ? CONTINUATION : Set.<String>of();
        return difference("", expected, shown, aside).or(() -> ofSteps(expected));
    }

    private static boolean leadsOn(RollbackStatus status) {
        return status.getState() == RollbackState.SUCCEEDED
                && (status.getScenario().equals("selective-rollback") || status.getFollowedBy() != null);
    }

    private Optional<String> ofSteps(RollbackStatus expected) {
        if (expected.getSteps().size() != shown.getSteps().size()) {
            return Optional.of("it has " + shown.getSteps().size() + " steps, by the history "
                    + expected.getSteps().size());
        }
        return IntStream.range(0, expected.getSteps().size())
                .mapToObj(
                        i -> ofStep(expected.getSteps().get(i), shown.getSteps().get(i)))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private Optional<String> ofStep(StepStatus expected, StepStatus seen) {
        var undo = new AttemptId(expected.getId(), true, expected.getAttempt());
        var attempt = new AttemptId(expected.getId(), false, expected.getAttempt());
        boolean inFlight = rebuilt.isCurrent(attempt) || rebuilt.isCurrent(undo);
        return difference("of step " + expected.getId() + " ", expected, seen, inFlight ? PROGRESS : Set.of());
    }

    private static Optional<String> difference(
            String where, SpecificRecord expected, SpecificRecord seen, Set<String> aside) {
        return expected.getSchema().getFields().stream()
                .filter(field -> !aside.contains(field.name()) && !STEPS.contains(field.name()))
                .filter(field -> !Objects.equals(expected.get(field.pos()), seen.get(field.pos())))
                .map(field -> where + field.name() + " is " + words(seen.get(field.pos())) + ", by the history "
                        + words(expected.get(field.pos())))
                .findFirst();
    }

    private static String words(@Nullable Object value) {
        return value == null ? "none" : value instanceof String text ? '"' + begun(text) + '"' : value.toString();
    }

    private static String begun(String text) {
        return text.length() <= ROOM ? text : text.substring(0, ROOM) + "…";
    }
}
