package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.DropReplacedDatabases;
import io.freedom.rollback.schemas.action.ReplacedDatabasesDropped;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.util.List;

/** Drops what a rollback has replaced, once nobody wants to go back to it. */
final class DropReplacedDatabasesHandler implements StepHandler<DropReplacedDatabases> {
    @Override
    public Class<DropReplacedDatabases> action() {
        return DropReplacedDatabases.class;
    }

    @Override
    public Completed execute(DropReplacedDatabases action, StepContext step) throws StepFailure, InterruptedException {
        return Sql.work(action.getDatabase(), () -> {
            try (var swap = DatabaseSwap.open(action.getDatabase(), step)) {
                var replaced = swap.replacedBy(action.getRollbackId());
                var used = replaced.users();
                if (!used.isEmpty()) {
                    throw new StepFailure(
                            FailureKind.PRECONDITION,
                            "nothing was dropped, as somebody looks at what " + action.getRollbackId() + " replaced: "
                                    + String.join(", ", used) + "; end these sessions, then accept it again");
                }
                var names = replaced.names();
                long bytes = replaced.drop(names);
                return completed(action.getRollbackId(), names, bytes);
            }
        });
    }

    private static Completed completed(String rollback, List<String> names, long bytes) {
        return new Completed(
                new ReplacedDatabasesDropped(rollback, names, bytes),
                names.isEmpty()
                        ? "nothing that " + rollback + " replaced is there any more"
                        : "dropped " + String.join(", ", names) + ", " + Disk.size(bytes));
    }
}
