package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;

/** A plan being written, phase by phase in the runbook's order, out of the steps that the four workers offer. */
final class PlanDraft {
    final PlanRequest request;
    final GitSteps git;
    final BackupSteps backup;
    final ContainerSteps container;
    final HealthSteps health;

    private final List<PlanStep> steps = new ArrayList<>();
    private Phase phase = Phase.ASSESS;
    private boolean held;

    PlanDraft(PlanRequest request) {
        this.request = request;
        git = new GitSteps(request);
        backup = new BackupSteps(request);
        container = new ContainerSteps(request);
        health = new HealthSteps(request);
    }

    /** What is added from now on belongs to it. */
    void phase(Phase next) {
        phase = next;
    }

    /** What fails from now on is held for an operator: the way back leads to where nobody wants to be. */
    void neverBackUnasked() {
        held = true;
    }

    void add(PlannedStep step) {
        steps.add((held ? step.heldIfItFails() : step)
                .expected(request.durations())
                .in(phase));
    }

    /** Something that reads the database whole: tried once and dispensable where it is to be replaced. */
    void addReading(PlannedStep step) {
        add(request.replacesDatabase() ? step.attempts(1).dispensable() : step);
    }

    /** Something that reads what may be too broken for it: the scenario that is for such goes on without, and says so. */
    void addWhereReadable(PlannedStep step) {
        add(request.makesDoWithWhatIsReadable() ? step.dispensable() : step);
    }

    /** Nothing of the platform is changed before the gate is passed; what only looks and prepares goes on beside it. */
    void gateChanges(PlannedStep gate) {
        var changing =
                steps.stream().filter(PlanDraft::changes).map(PlanStep::getId).toList();
        if (changing.isEmpty()) {
            return;
        }
        var built = gate.in(Phase.ASSESS);
        steps.replaceAll(step -> changes(step) && step.getDependsOn().stream().noneMatch(changing::contains)
                ? PlanStep.newBuilder(step)
                        .setDependsOn(Stream.concat(step.getDependsOn().stream(), Stream.of(built.getId()))
                                .toList())
                        .build()
                : step);
        steps.addFirst(built);
    }

    private static boolean changes(PlanStep step) {
        return EnumSet.range(Phase.SHUT_DOWN, Phase.RECOVER).contains(step.getPhase())
                || step.getAvailability() == Availability.GOES_DOWN;
    }

    /** Ids of the steps added so far, of one phase. */
    List<String> idsOf(Phase wanted) {
        return steps.stream()
                .filter(step -> step.getPhase() == wanted)
                .map(PlanStep::getId)
                .toList();
    }

    List<PlanStep> steps() {
        return List.copyOf(steps);
    }
}
