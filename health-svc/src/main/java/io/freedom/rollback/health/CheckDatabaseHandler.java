package io.freedom.rollback.health;

import io.freedom.rollback.schemas.action.CheckDatabase;
import io.freedom.rollback.schemas.action.DatabaseChecked;
import io.freedom.rollback.schemas.action.DatabaseSealed;
import io.freedom.rollback.schemas.action.ServicesStopped;
import io.freedom.rollback.schemas.action.WritersStopped;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** No table and no row is missing that an earlier step of the rollback counted. */
final class CheckDatabaseHandler implements StepHandler<CheckDatabase> {
    private static final int LISTED = 10;
    /** For a server that recovers from its write-ahead log. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @Override
    public Class<CheckDatabase> action() {
        return CheckDatabase.class;
    }

    @Override
    public Completed execute(CheckDatabase action, StepContext step) throws StepFailure, InterruptedException {
        if (action.getUndoing()) {
            return told(action, step);
        }
        var expected = ExpectedTables.of(step);
        var actual = CountedDatabase.count(action.getDatabase(), step);
        var difference = expected.compare(actual);
        if (!difference.losses().isEmpty()) {
            throw new StepFailure(FailureKind.MISMATCH, message(action, expected, difference));
        }
        return new Completed(new DatabaseChecked(actual, List.of()), detail(expected, difference));
    }

    /** Everything is back, as well as it could be: whatever this finds must not keep the rest from being undone. */
    private static Completed told(CheckDatabase action, StepContext step) throws InterruptedException {
        var expected = ExpectedTables.find(step);
        if (expected.isEmpty()) {
            var why = "it could not be counted before it was replaced";
            return untold("not compared: " + why, List.of("rows were not compared: " + why));
        }
        boolean stopped = Stream.of(DatabaseSealed.class, WritersStopped.class, ServicesStopped.class)
                .anyMatch(done -> step.find(done).isPresent());
        if (!stopped) {
            return untold("not compared: nothing had been stopped yet, so no data were replaced", List.of());
        }
        try {
            AwaitDatabaseHandler.await(action.getDatabase(), Instant.now().plus(PATIENCE), step);
            var actual = CountedDatabase.count(action.getDatabase(), step);
            var difference = expected.get().compare(actual);
            return new Completed(
                    new DatabaseChecked(actual, difference.losses()),
                    difference.losses().isEmpty()
                            ? detail(expected.get(), difference)
                            // Services run that may delete rows by themselves.
                            : "NOT AS BEFORE, look whether a service deletes rows by itself: " + losses(difference));
        } catch (StepFailure e) {
            return untold("NOT COMPARED: " + e.text(), List.of("rows were not compared: " + e.text()));
        }
    }

    private static Completed untold(String why, List<String> differences) {
        return new Completed(new DatabaseChecked(List.of(), differences), why);
    }

    private static String message(CheckDatabase action, ExpectedTables expected, ExpectedTables.Difference difference) {
        return "database " + action.getDatabase().getName() + " holds less than " + expected.source() + ": "
                + losses(difference)
                + ". If no service deletes rows by itself, restore the database from the restore point";
    }

    private static String losses(ExpectedTables.Difference difference) {
        var losses = difference.losses();
        int more = losses.size() - LISTED;
        return losses.stream().limit(LISTED).collect(Collectors.joining("; "))
                + (more > 0 ? "; and " + more + " more tables" : "");
    }

    private static String detail(ExpectedTables expected, ExpectedTables.Difference difference) {
        var text = CountedDatabase.summary(expected.tables()) + " as " + expected.source();
        if (difference.addedRows() > 0) {
            text += String.format(Locale.ROOT, ", +%,d rows since", difference.addedRows());
        }
        if (difference.addedTables() > 0) {
            text += ", +" + difference.addedTables() + " tables since";
        }
        return text;
    }
}
