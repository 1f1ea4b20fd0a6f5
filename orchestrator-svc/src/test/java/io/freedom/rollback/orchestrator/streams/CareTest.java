package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.Care;
import io.freedom.rollback.orchestrator.aftercare.Turns;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepResult;
import java.util.List;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Something of a platform that its descriptor has looked after, and a worker that answers as a test says. */
abstract class CareTest extends OneTask {
    private final Care<?, ?> care;
    private final String step;

    int seconds;

    CareTest(Class<? extends Care<?, ?>> kind, String step) {
        care = Caretaker.CARES.stream().filter(kind::isInstance).findFirst().orElseThrow();
        this.step = step;
    }

    void registered(String descriptor) {
        var state = Platforms.registered(store.platform("freedom"), descriptor);
        store.put(Schedules.planned(state, after(seconds)));
    }

    /** As the orchestrator does every five seconds. */
    void pass(int more) {
        for (int end = seconds + more; seconds < end; ) {
            seconds += 5;
            caretaker.lookedAfter(care).forEach(platform -> caretaker.tick(care, platform, after(seconds)));
        }
    }

    List<StepCommand> commands() {
        return sent(StepCommand.class).stream()
                .filter(command -> command.getStepId().equals(step))
                .toList();
    }

    <T extends SpecificRecord> List<T> looks(Class<T> action) {
        return commands().stream()
                .map(command -> ((ExecuteStep) command.getCommand()).getAction().getAction())
                .map(action::cast)
                .toList();
    }

    void answer(SpecificRecord event) {
        var turns = Turns.of(Objects.requireNonNull(care.of(store.platform("freedom"))));
        answer(event, turns.id(), turns.asked());
    }

    void answer(SpecificRecord event, String id, int attempt) {
        caretaker.heard(
                StepEvent.newBuilder()
                        .setPlatform("freedom")
                        .setRollbackId(id)
                        .setStepId(step)
                        .setAttempt(attempt)
                        .setWorkerId("w:1")
                        .setAt(after(seconds))
                        .setEvent(event)
                        .build(),
                after(seconds));
    }

    static StepDone done(SpecificRecord result) {
        return new StepDone(new StepResult(result), "", false);
    }

    void start(String rollback, String scenario, @Nullable String restorePoint) {
        admissions.commanded(
                OperatorCommand.newBuilder()
                        .setCommandId("c-" + ++ids)
                        .setPlatform("freedom")
                        .setOperator("ada")
                        .setReason("look")
                        .setAt(after(seconds))
                        .setCommand(StartRollback.newBuilder()
                                .setRollbackId(rollback)
                                .setScenario(scenario)
                                .setRestorePoint(restorePoint)
                                .build())
                        .build(),
                after(seconds));
    }
}
