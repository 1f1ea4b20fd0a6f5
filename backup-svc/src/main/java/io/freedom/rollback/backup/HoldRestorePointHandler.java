package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.HoldRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointHeld;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;

/** Keeps a restore point from being removed before somebody has looked at it; a longer hold than this one stays. */
final class HoldRestorePointHandler implements StepHandler<HoldRestorePoint> {
    private final InstantSource clock;

    HoldRestorePointHandler(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Class<HoldRestorePoint> action() {
        return HoldRestorePoint.class;
    }

    @Override
    public Completed execute(HoldRestorePoint action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        return Disk.work(point.directory(), () -> {
            var until = clock.instant().truncatedTo(ChronoUnit.MILLIS).plus(Duration.ofMillis(action.getHold()));
            var hold = new Hold(until, action.getBecause());
            if (Files.exists(point.hold())) {
                var before = Json.read(point.hold(), Hold.class);
                hold = before.until().isAfter(until) ? before : hold;
            }
            step.checkpoint();
            PrivateFiles.write(point.hold(), Json.text(hold));
            return new Completed(new RestorePointHeld(hold.until()), point.id() + " is held until " + hold.until());
        });
    }
}
