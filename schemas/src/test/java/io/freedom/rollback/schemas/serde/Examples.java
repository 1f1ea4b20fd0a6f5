package io.freedom.rollback.schemas.serde;

import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Records with unions, maps, arrays, enums and times in them. */
final class Examples {
    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00.123Z");

    private Examples() {}

    static Incident incident() {
        return Incident.newBuilder()
                .setIncidentId("i-1")
                .setPlatform("freedom")
                .setIncidentClass(IncidentClass.DATA_CORRUPTION)
                .setFingerprint("abc")
                .setBeganAt(NOON)
                .setSummary("rows doubled — überall")
                .setEvidence(Map.of("severity", "critical"))
                .setSource("alertmanager")
                .build();
    }

    static StepCommand command() {
        ComposeProject compose =
                new ComposeProject("freedom", "/srv/freedom", List.of("docker-compose.yml"), null, null, null);
        ExecuteStep execute = ExecuteStep.newBuilder()
                .setAction(StepAction.newBuilder()
                        .setAction(ComposeDown.newBuilder().setCompose(compose).build())
                        .build())
                .setDeadline(NOON.plusSeconds(60))
                .build();
        return StepCommand.newBuilder()
                .setPlatform("freedom")
                .setSite("local")
                .setRollbackId("r-1")
                .setStepId("container.down")
                .setAttempt(1)
                .setAt(NOON)
                .setCommand(execute)
                .build();
    }

    static RollbackStatus status() {
        StepStatus step = StepStatus.newBuilder()
                .setId("container.down")
                .setTitle("Take the platform down")
                .setPhase(Phase.SHUT_DOWN)
                .setWorker(Worker.CONTAINER)
                .setState(StepState.RUNNING)
                .setAttempt(1)
                .setStartedAt(NOON)
                .build();
        return RollbackStatus.newBuilder()
                .setPlatform("freedom")
                .setRollbackId("r-1")
                .setScenario("full")
                .setState(RollbackState.RUNNING)
                .setStartedAt(NOON)
                .setRto(600_000)
                .setDownSince(NOON)
                .setAt(NOON)
                .setSteps(List.of(step))
                .build();
    }
}
