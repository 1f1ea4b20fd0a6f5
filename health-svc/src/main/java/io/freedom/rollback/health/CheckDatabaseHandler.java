package io.freedom.rollback.health;

import io.freedom.rollback.schemas.action.CheckDatabase;
import io.freedom.rollback.schemas.action.DatabaseChecked;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** No table and no row is missing that an earlier step of the rollback counted. */
final class CheckDatabaseHandler implements StepHandler<CheckDatabase> {
    private static final int LISTED = 10;

    @Override
    public Class<CheckDatabase> action() {
        return CheckDatabase.class;
    }

    @Override
    public Completed execute(CheckDatabase action, StepContext step) throws StepFailure, InterruptedException {
        if (action.getUndoing()) {
            if (ExpectedTables.find(step).isEmpty()) {
                return new Completed(
                        new DatabaseChecked(List.of()), "not compared: it could not be counted before it was replaced");
            }
            AwaitDatabaseHandler.await(action.getDatabase(), true, step);
        }
        var expected = ExpectedTables.of(step);
        var actual = CountedDatabase.count(action.getDatabase(), step);
        var difference = expected.compare(actual);
        if (!difference.losses().isEmpty()) {
            if (action.getUndoing()) {
                // Everything is back, and services run that may delete rows by themselves: told, but nothing fails for
                // it.
                return new Completed(
                        new DatabaseChecked(actual),
                        "NOT AS BEFORE, look whether a service deletes rows by itself: " + losses(difference));
            }
            throw new StepFailure(FailureKind.MISMATCH, message(action, expected, difference));
        }
        return new Completed(new DatabaseChecked(actual), detail(expected, difference));
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
