package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.Compensation;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.FasterWay;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;

/** A step as a scenario writes it down: what it does, what it waits for, what undoes it, in one place. */
final class PlannedStep {
    static final Duration QUICK = Duration.ofSeconds(30);
    static final Duration MINUTES = Duration.ofMinutes(5);
    static final Duration LONG = Duration.ofMinutes(20);

    /** What undoes a step. Which steps' results it needs, the scenario says. */
    record Undo(String title, Worker worker, SpecificRecord action, Duration timeout) {}

    private final PlanStep.Builder step;

    private PlannedStep(String id, String title, SpecificRecord action, Duration timeout) {
        step = PlanStep.newBuilder()
                .setId(id)
                .setTitle(title)
                .setWorker(worker(id))
                .setAction(new StepAction(action))
                .setOnFailure(FailurePolicy.COMPENSATE)
                .setAvailability(Availability.UNCHANGED)
                .setTimeout(timeout.toMillis());
    }

    /** The worker is the first word of the id: {@code git.check-out}. */
    static PlannedStep step(String id, String title, SpecificRecord action, Duration timeout) {
        return new PlannedStep(id, title, action, timeout);
    }

    private static Worker worker(String id) {
        return Worker.valueOf(id.substring(0, id.indexOf('.')).toUpperCase(Locale.ROOT));
    }

    PlannedStep after(String... ids) {
        return after(Arrays.asList(ids));
    }

    PlannedStep after(Collection<String> ids) {
        step.setDependsOn(List.copyOf(ids));
        return this;
    }

    PlannedStep alsoAfter(Collection<String> ids) {
        return after(Stream.concat(step.getDependsOn().stream(), ids.stream()).toList());
    }

    PlannedStep with(String... inputs) {
        step.setInputs(Arrays.asList(inputs));
        return this;
    }

    PlannedStep attempts(int attempts) {
        step.setAttempts(attempts);
        return this;
    }

    /** Operators decide when it fails, unless it is dispensable. */
    PlannedStep heldIfItFails() {
        if (step.getOnFailure() == FailurePolicy.COMPENSATE) {
            step.setOnFailure(FailurePolicy.HOLD);
        }
        return this;
    }

    /** The rollback goes on when it fails. */
    PlannedStep dispensable() {
        step.setOnFailure(FailurePolicy.CONTINUE);
        return this;
    }

    PlannedStep takesServiceDown() {
        step.setAvailability(Availability.GOES_DOWN);
        return this;
    }

    PlannedStep bringsServiceBack() {
        step.setAvailability(Availability.COMES_BACK);
        return this;
    }

    PlannedStep undoneBy(Undo undo, String... inputs) {
        step.setCompensation(Compensation.newBuilder()
                .setTitle(undo.title())
                .setWorker(undo.worker())
                .setAction(new StepAction(undo.action()))
                .setTimeout(undo.timeout().toMillis())
                .setInputs(Arrays.asList(inputs))
                .build());
        return this;
    }

    /** @param action another way to do it, which operators may choose when time is short */
    PlannedStep faster(String title, SpecificRecord action) {
        step.setFaster(new FasterWay(title, new StepAction(action)));
        return this;
    }

    /** @param durations of past rollbacks, by the step's id */
    PlannedStep expected(Map<String, Duration> durations) {
        step.setExpected(durations.getOrDefault(step.getId(), Duration.ZERO).toMillis());
        return this;
    }

    PlanStep in(Phase phase) {
        return step.setPhase(phase).build();
    }
}
