package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DatabaseSwappedBack;
import io.freedom.rollback.schemas.action.OtherDatabase;
import io.freedom.rollback.schemas.action.SwapDatabaseBack;
import io.freedom.rollback.schemas.action.VolumesRemoved;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Undoes a restore, however far it came. Where the server has died since, it is started; if it got a new volume, the previous
 * database comes back with the one it had.
 */
final class SwapDatabaseBackHandler implements StepHandler<SwapDatabaseBack> {
    // Of a server that was killed, from its write-ahead log.
    private static final Duration RECOVERY = Duration.ofMinutes(2);
    private static final Duration PAUSE = Duration.ofMillis(200);

    private final EngineProvider engines;
    private final Duration recovery;

    SwapDatabaseBackHandler(EngineProvider engines) {
        this(engines, RECOVERY);
    }

    /** @param recovery how long a server that does not answer is waited for */
    SwapDatabaseBackHandler(EngineProvider engines, Duration recovery) {
        this.engines = engines;
        this.recovery = recovery;
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
            // Whatever else is wrong, a server that answers may hold the restored database still.
            if (!isAway(e)) {
                throw e;
            }
            var volume = keptVolume(action, step);
            if (volume.isEmpty()) {
                wake(action);
                return onceItAnswers(action.getDatabase(), step);
            }
            return completed(
                    SwapNames.of(action.getDatabase().getName(), step.rollbackId()),
                    "not swapped back, as that is not needed: the previous database comes back with its volume "
                            + volume.get() + " (" + e.text() + ")");
        }
    }

    /** The one that the server has its data in, where that is going to be as it was: it was removed, and a copy is kept. */
    private Optional<String> keptVolume(SwapDatabaseBack action, StepContext step)
            throws StepFailure, InterruptedException {
        var removed =
                step.find(VolumesRemoved.class).map(VolumesRemoved::getVolumes).orElse(List.of());
        if (removed.isEmpty()) {
            return Optional.empty();
        }
        for (var container : servers(action)) {
            var volume = DataVolume.of(engines.engine(), container).filter(removed::contains);
            if (volume.isPresent()) {
                return volume;
            }
        }
        return Optional.empty();
    }

    private List<EngineContainer> servers(SwapDatabaseBack action) throws StepFailure, InterruptedException {
        return engines.engine().containers(action.getCompose().getProject()).stream()
                .filter(container ->
                        container.service().equals(action.getDatabase().getService()) && !container.oneOff())
                .toList();
    }

    /** It does not answer, or not yet; not that something else uses the database. */
    private static boolean isAway(StepFailure e) {
        return e.kind() == FailureKind.UNAVAILABLE
                && e.getCause() instanceof SQLException sql
                && !DatabaseSwap.OBJECT_IN_USE.equals(sql.getSQLState());
    }

    /** Nothing else starts it before this is done; one that runs recovers by itself. */
    private void wake(SwapDatabaseBack action) throws StepFailure, InterruptedException {
        for (var container : servers(action)) {
            if (!container.isActive()) {
                engines.engine().start(container.id());
            }
        }
    }

    private Completed onceItAnswers(Database database, StepContext step) throws StepFailure, InterruptedException {
        var giveUp = Instant.now().plus(recovery);
        while (true) {
            step.checkpoint();
            try {
                return swapBack(database, step);
            } catch (StepFailure e) {
                if (!isAway(e) || Instant.now().isAfter(giveUp)) {
                    throw e;
                }
            }
            Thread.sleep(PAUSE);
        }
    }

    private static Completed swapBack(Database database, StepContext step) throws StepFailure, InterruptedException {
        return Sql.work(database, () -> {
            try (var swap = DatabaseSwap.open(database, others(database, step), step)) {
                var names = swap.names();
                if (swap.isSwapped()) {
                    var restored = step.find(DatabaseRestored.class)
                            .map(DatabaseRestored::getOthers)
                            .orElse(List.of());
                    var back = swap.swapped();
                    var created = created(restored);
                    swap.swapOut(restored);
                    return completed(
                            names, back.size() == 1 && created.isEmpty() ? one(names) : all(swap, back, created));
                }
                swap.reopen();
                if (swap.exists(names.undone())) {
                    return completed(names, "swapped back before; the restored database is kept as " + names.undone());
                }
                boolean begun = swap.dropSides();
                return completed(
                        names, "nothing to swap back" + (begun ? "; the half restored database was dropped" : ""));
            }
        });
    }

    /** Whether the one that is otherwise good for connecting is among them. */
    private static List<String> others(Database database, StepContext step) throws StepFailure, SQLException {
        try (var look = DatabaseSwap.look(database, step)) {
            return Stream.concat(look.swapped().stream(), look.begun().stream())
                    .distinct()
                    .toList();
        }
    }

    /** Those that had been gone. */
    private static List<String> created(List<OtherDatabase> restored) {
        return restored.stream()
                .filter(other -> other.getKeptAs() == null)
                .map(OtherDatabase::getName)
                .toList();
    }

    private static String one(SwapNames names) {
        return names.live() + " is the database from before again; the restored one is kept as " + names.undone()
                + ", drop it when it is not needed";
    }

    private static String all(DatabaseSwap swap, List<String> back, List<String> created) {
        var undone = Stream.concat(back.stream(), created.stream())
                .map(name -> swap.names(name).undone())
                .toList();
        return String.join(", ", back) + " are the databases from before again"
                + (created.isEmpty() ? "" : "; " + String.join(", ", created) + " had not been there")
                + "; the restored ones are kept as " + String.join(", ", undone)
                + ", drop them when they are not needed";
    }

    private static Completed completed(SwapNames names, String detail) {
        return new Completed(new DatabaseSwappedBack(names.live()), detail);
    }
}
