package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.DatabaseSwappedBack;
import io.freedom.rollback.schemas.action.SwapDatabaseBack;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;

/** Undoes a restore, however far it came. */
final class SwapDatabaseBackHandler implements StepHandler<SwapDatabaseBack> {
    @Override
    public Class<SwapDatabaseBack> action() {
        return SwapDatabaseBack.class;
    }

    @Override
    public Completed execute(SwapDatabaseBack action, StepContext step) throws StepFailure, InterruptedException {
        var database = action.getDatabase();
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
