package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.HoldRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointHeld;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** Keeps a restore point from being removed before somebody has looked at it; a longer hold than this one stays. */
final class HoldRestorePointHandler implements StepHandler<HoldRestorePoint> {
    private final Vault vault;
    private final InstantSource clock;

    HoldRestorePointHandler(Vault vault, InstantSource clock) {
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<HoldRestorePoint> action() {
        return HoldRestorePoint.class;
    }

    @Override
    public Completed execute(HoldRestorePoint action, StepContext step) throws StepFailure, InterruptedException {
        var wanted = new Hold(
                clock.instant().truncatedTo(ChronoUnit.MILLIS).plus(Duration.ofMillis(action.getHold())),
                action.getBecause());
        var points = new ArrayList<>(List.of(RestorePoint.at(action.getDirectory())));
        if (action.getRestored() != null) {
            points.add(RestorePoint.at(action.getRestored()));
        }
        var until = wanted.until();
        var notes = new ArrayList<String>();
        for (var point : points) {
            // What is too broken to be dumped leaves none.
            if (!Files.isDirectory(point.directory())) {
                notes.add("there is no " + point.id());
                continue;
            }
            var held = held(point, wanted, step).until();
            until = held.isAfter(until) ? held : until;
            var catalogued = Disk.work(point.directory(), () -> Papers.report(point, vault, clock.instant(), step));
            notes.add(point.id() + " is held until " + held + catalogued);
        }
        return new Completed(new RestorePointHeld(until), String.join("; ", notes));
    }

    private static Hold held(RestorePoint point, Hold wanted, StepContext step)
            throws StepFailure, InterruptedException {
        return Disk.work(point.directory(), () -> {
            var hold = wanted;
            if (Files.exists(point.hold())) {
                var before = Json.read(point.hold(), Hold.class);
                hold = before.until().isAfter(wanted.until()) ? before : wanted;
            }
            step.checkpoint();
            PrivateFiles.write(point.hold(), Json.text(hold));
            return hold;
        });
    }
}
