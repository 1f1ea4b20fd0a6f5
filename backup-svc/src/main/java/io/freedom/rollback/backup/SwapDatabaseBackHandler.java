package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseSwappedBack;
import io.freedom.rollback.schemas.action.SwapDatabaseBack;
import io.freedom.rollback.schemas.action.VolumesKept;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.util.List;
import java.util.Optional;

/**
 * Undoes a restore, however far it came. A server that got a new volume may have died since: the previous database then comes
 * back with its volume alone.
 */
final class SwapDatabaseBackHandler implements StepHandler<SwapDatabaseBack> {
    private final EngineProvider engines;

    SwapDatabaseBackHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<SwapDatabaseBack> action() {
        return SwapDatabaseBack.class;
    }

    @Override
    public Completed execute(SwapDatabaseBack action, StepContext step) throws StepFailure, InterruptedException {
        try {
            return swapBack(action.getDatabase(), step);
        } catch (StepFailure e) {
            var volume = e.kind() == FailureKind.OUTAGE ? Optional.<String>empty() : keptVolume(action, step);
            if (volume.isEmpty()) {
                throw e;
            }
            return completed(
                    SwapNames.of(action.getDatabase().getName(), step.rollbackId()),
                    "not swapped back, as that is not needed: the previous database comes back with its volume "
                            + volume.get() + " (" + e.text() + ")");
        }
    }

    /** The one that the server uses, of those that are going to be as they were. */
    private Optional<String> keptVolume(SwapDatabaseBack action, StepContext step)
            throws StepFailure, InterruptedException {
        var kept = step.find(VolumesKept.class).map(VolumesKept::getVolumes).orElse(List.of());
        for (var volume : kept) {
            for (var user : engines.engine().volumes().users(volume.getVolume())) {
                if (user.service().equals(action.getDatabase().getService())
                        && action.getCompose().getProject().equals(user.labels().get(EngineContainer.PROJECT))) {
                    return Optional.of(volume.getVolume());
                }
            }
        }
        return Optional.empty();
    }

    private static Completed swapBack(Database database, StepContext step) throws StepFailure, InterruptedException {
        return Sql.work(database, () -> {
            try (var swap = DatabaseSwap.open(database, step)) {
                var names = swap.names();
                if (swap.isSwapped()) {
                    swap.swapOut();
                    return completed(
                            names,
                            names.live() + " is the database from before again; the restored one is kept as "
                                    + names.undone() + ", drop it when it is not needed");
                }
                swap.reopen();
                if (swap.exists(names.undone())) {
                    return completed(names, "swapped back before; the restored database is kept as " + names.undone());
                }
                boolean begun = swap.exists(names.side());
                swap.drop(names.side());
                return completed(
                        names, "nothing to swap back" + (begun ? "; the half restored database was dropped" : ""));
            }
        });
    }

    private static Completed completed(SwapNames names, String detail) {
        return new Completed(new DatabaseSwappedBack(names.live()), detail);
    }
}
