package io.freedom.rollback.health;

import io.freedom.rollback.schemas.action.AwaitDatabase;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseReady;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;

/** Ready means that it answers a query: an open port or a running container is not enough. */
final class AwaitDatabaseHandler implements StepHandler<AwaitDatabase> {
    private static final Duration PAUSE = Duration.ofMillis(100);

    @Override
    public Class<AwaitDatabase> action() {
        return AwaitDatabase.class;
    }

    @Override
    public Completed execute(AwaitDatabase action, StepContext step) throws StepFailure, InterruptedException {
        return await(action.getDatabase(), action.getPatient(), step.deadline(), step);
    }

    /** Until a time, and not longer than the step may take. */
    static Completed await(Database database, Instant until, StepContext step)
            throws StepFailure, InterruptedException {
        return await(database, true, until.isBefore(step.deadline()) ? until : step.deadline(), step);
    }

    /** @param patient else it is asked once */
    private static Completed await(Database database, boolean patient, Instant until, StepContext step)
            throws StepFailure, InterruptedException {
        var patience = Patience.until(until);
        for (int tries = 1; ; tries++) {
            step.stillWanted();
            long began = System.nanoTime();
            try {
                var version = ask(database, step);
                long waited = patience.used().toMillis();
                return new Completed(
                        new DatabaseReady(version, waited),
                        "PostgreSQL " + version + " answers after " + waited + " ms");
            } catch (StepFailure e) {
                if (!patient) {
                    throw e;
                }
                var took = Duration.ofNanos(System.nanoTime() - began);
                // A try as long as this one would not end in time.
                if (!mayPass(e) || patience.left().compareTo(PAUSE.plus(took)) <= 0) {
                    throw mayPass(e)
                            ? new StepFailure(
                                    e.kind(),
                                    "database " + database.getName() + " is not ready after "
                                            + patience.used().toMillis() + " ms and " + tries
                                            + " tries; the last error: " + e.text() + ". Look at the logs of service "
                                            + database.getService(),
                                    e)
                            : e;
                }
            }
            step.progress(tries, 0, "tries", "waiting for database " + database.getName());
            Thread.sleep(PAUSE);
        }
    }

    private static String ask(Database database, StepContext step) throws StepFailure {
        try (var connection = JdbcConnections.open(database, step);
                var statement = connection.createStatement();
                var answer = statement.executeQuery("SELECT current_setting('server_version')")) {
            answer.next();
            // Debian and others append their package's version.
            return answer.getString(1).replaceFirst(" .*", "");
        } catch (SQLException e) {
            throw JdbcConnections.failure(database, e);
        }
    }

    /** Whether waiting can help: not with a wrong password, an unresolved secret or a wrong URL. */
    private static boolean mayPass(StepFailure e) {
        return e.getCause() instanceof SQLException sql
                && (sql.getSQLState() == null || !sql.getSQLState().startsWith("28"));
    }
}
