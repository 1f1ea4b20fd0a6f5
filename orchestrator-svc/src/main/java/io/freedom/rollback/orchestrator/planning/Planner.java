package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.action.PruneRestorePoints;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Compiles plans. The same request always gives the same plan. */
public final class Planner {
    private Planner() {}

    public static Plan compile(PlanRequest request) {
        var platform = request.platform();
        var draft = new PlanDraft(request);
        request.scenario().write(draft);
        Approvals.ofChanges(request).ifPresent(draft::gateChanges);
        var point = request.scenario().restoresData() ? request.point() : null;
        var steps = draft.steps();
        return begun(request)
                .setScenario(request.scenario().id())
                // One that is only looked at is in the steps.
                .setRestorePoint(request.scenario().restoresData() ? request.restorePoint() : null)
                .setRestorePointTakenAt(point == null ? null : point.getTakenAt())
                .setRpo(platform.database() == null ? 0 : platform.rpo().toMillis())
                .setRto(request.scenario().rto(platform).toMillis())
                .setIncidentClass(request.incident())
                .setDistrust(request.distrust())
                .setPointOfNoReturn(pointOfNoReturn(steps))
                .setUndo(canBeUndone(steps) ? Approvals.ofUndo(request, steps) : null)
                .setSteps(steps)
                .build();
    }

    /** Whether it changes something of the platform that something brings back. */
    private static boolean canBeUndone(List<PlanStep> steps) {
        return steps.stream()
                .anyMatch(step -> step.getPhase().compareTo(Phase.SHUT_DOWN) >= 0 && step.getCompensation() != null);
    }

    /** What is pruned is gone. All else is kept first, or is put back. */
    private static @Nullable String pointOfNoReturn(List<PlanStep> steps) {
        return steps.stream()
                .filter(step -> step.getAction().getAction() instanceof PruneRestorePoints)
                .map(PlanStep::getId)
                .findFirst()
                .orElse(null);
    }

    /** Looks at the platform as it is, for what the plan of the request would meet and do there; changes nothing. */
    public static Plan look(PlanRequest request) {
        var draft = new PlanDraft(request);
        Preview.write(
                draft, compile(request).getSteps().stream().map(PlanStep::getId).collect(Collectors.toSet()));
        return begun(request)
                .setScenario(Scenario.PREVIEW.id())
                .setRto(Scenario.PREVIEW.rto(request.platform()).toMillis())
                .setSteps(draft.steps())
                .build();
    }

    private static Plan.Builder begun(PlanRequest request) {
        return Plan.newBuilder()
                .setPlatform(request.platform().name())
                .setSite(request.platform().site())
                .setTarget(request.scenario().touchesGit() ? request.tag() : null)
                .setServices(request.services())
                .setDescriptorHash(request.descriptorHash());
    }
}
