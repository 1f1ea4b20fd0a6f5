package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.action.VerifyTarget;
import io.freedom.rollback.schemas.action.WritersStopped;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.Compensation;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** A small rollback, at every moment a test needs. */
public final class Samples {
    public static final Instant START = Instant.parse("2026-01-31T10:15:00Z");
    public static final String ID = "rb-20260131-101500-a3f9";

    static {
        TrustedSchemas.trust();
    }

    private Samples() {}

    public static Plan plan() {
        return Plan.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setScenario("full-rollback")
                .setTarget("graveyard/pre-reset")
                .setRto(1_800_000)
                .setDescriptorHash("0123456789abcdef0123")
                .setSteps(List.of(
                        planStep("git.verify-target", "Verify the tag", Phase.ASSESS, Worker.GIT)
                                .build(),
                        planStep("backup.database", "Dump the database", Phase.PRESERVE, Worker.BACKUP)
                                .setDependsOn(List.of("git.verify-target"))
                                .setAttempts(3)
                                .setTimeout(1_200_000)
                                .build(),
                        planStep("container.stop-writers", "Stop the writers", Phase.SHUT_DOWN, Worker.CONTAINER)
                                .setAvailability(Availability.GOES_DOWN)
                                .setDependsOn(List.of("git.verify-target", "backup.database"))
                                .setCompensation(Compensation.newBuilder()
                                        .setTitle("Start the writers again")
                                        .setWorker(Worker.CONTAINER)
                                        .setAction(action())
                                        .setTimeout(90_000)
                                        .build())
                                .build(),
                        planStep("container.up", "Start everything", Phase.RECOVER, Worker.CONTAINER)
                                .setAvailability(Availability.COMES_BACK)
                                .build()))
                .build();
    }

    public static PlanStep.Builder planStep(String id, String title, Phase phase, Worker worker) {
        return PlanStep.newBuilder()
                .setId(id)
                .setTitle(title)
                .setPhase(phase)
                .setWorker(worker)
                .setAction(action())
                .setTimeout(30_000);
    }

    private static StepAction action() {
        return new StepAction(new VerifyTarget("/srv/freedom", "graveyard/pre-reset", List.of(), false));
    }

    static StepResult result() {
        return new StepResult(new WritersStopped(List.of("api")));
    }

    public static RollbackStatus.Builder status(StepStatus... steps) {
        return RollbackStatus.newBuilder()
                .setPlatform("freedom")
                .setRollbackId(ID)
                .setScenario("full-rollback")
                .setTarget("graveyard/pre-reset")
                .setState(RollbackState.RUNNING)
                .setTrigger("alertmanager: DEPLOYMENT_FAILURE, 5xx above 10 %")
                .setStartedAt(START)
                .setRto(1_800_000)
                .setAt(START)
                .setSteps(new ArrayList<>(List.of(steps)));
    }

    public static StepStatus.Builder step(String id, String title, Phase phase, StepState state) {
        return StepStatus.newBuilder()
                .setId(id)
                .setTitle(title)
                .setPhase(phase)
                .setWorker(
                        id.startsWith("gate.")
                                ? Worker.ORCHESTRATOR
                                : Worker.valueOf(
                                        id.substring(0, id.indexOf('.')).toUpperCase(Locale.ROOT)))
                .setState(state);
    }

    public static HistoryEvent event(
            long sequence,
            long offsetMillis,
            @Nullable String rollbackId,
            @Nullable String cause,
            SpecificRecord event) {
        return HistoryEvent.newBuilder()
                .setPlatform("freedom")
                .setRollbackId(rollbackId)
                .setSequence(sequence)
                .setAt(START.plusMillis(offsetMillis))
                .setCause(cause)
                .setPreviousHash(sequence == 1 ? "" : "h" + (sequence - 1))
                .setHash("h" + sequence)
                .setEvent(event)
                .build();
    }
}
