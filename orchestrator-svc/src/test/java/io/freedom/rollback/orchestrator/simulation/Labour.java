package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.schemas.action.FilesChecked;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.SimulatedWorker;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;

/** How a worker process does any step, as handlers are told to: look first, ask before each change, go on from a half-done one. */
final class Labour implements SimulatedWorker.Work {
    private static final FailureKind[] KINDS = FailureKind.values();
    private static final long FOR_EVER = 3_600_000;

    private final Machine machine;
    private final World world;
    private final Chance chance;
    private final Calamities calamities;
    private final Planted planted;

    Labour(Machine machine, World world, Chance chance, Calamities calamities, Planted planted) {
        this.machine = machine;
        this.world = world;
        this.chance = chance;
        this.calamities = calamities;
        this.planted = planted;
    }

    @Override
    public Probe probe(StepCommand command, StepContext step) throws InterruptedException {
        world.begun(command, machine.name);
        machine.sleep(chance.between(1, 200));
        if (planted == Planted.NO_PROBE || chance.oneIn(20)) {
            return new Probe.Unknown("not to be told");
        }
        return world.isDone(command) ? new Probe.Applied(done("was there")) : new Probe.NotApplied();
    }

    @Override
    public Completed execute(StepCommand command, StepContext step) throws StepFailure, InterruptedException {
        mishap(command);
        while (planted == Planted.NO_PROBE || !world.isDone(command)) {
            work(step);
            // Another attempt may have done it meanwhile only where something is wrong.
            world.change(command, machine.name);
            if (planted == Planted.NO_PROBE && chance.oneIn(2)) {
                break;
            }
            mishap(command);
        }
        return done("done");
    }

    private void work(StepContext step) throws InterruptedException {
        try {
            machine.sleep(chance.between(10, 2_500));
            if (planted != Planted.NO_CHECKPOINT) {
                step.checkpoint();
            }
        } catch (InterruptedException e) {
            if (planted != Planted.NO_CHECKPOINT) {
                throw e;
            }
        }
    }

    private void mishap(StepCommand command) throws StepFailure, InterruptedException {
        if (calamities.stepsFail(command.getCompensation())) {
            if (chance.oneIn(8)) {
                machine.sleep(FOR_EVER);
            }
            if (chance.oneIn(12)) {
                throw new IllegalStateException("a defect");
            }
            throw new StepFailure(chance.of(KINDS), "by chance");
        }
    }

    private static Completed done(String words) {
        return new Completed(new FilesChecked(1, 0), words);
    }
}
