package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseSealed;
import io.freedom.rollback.schemas.action.SealDatabase;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.sql.JdbcConnections;
import io.freedom.rollback.worker.sql.TableCounts;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Makes sure that nobody writes any more, and says what was there at the end. */
final class SealDatabaseHandler implements StepHandler<SealDatabase> {
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final String INSUFFICIENT_PRIVILEGE = "42501";

    private static final String OTHERS = """
            SELECT pid, coalesce(nullif(application_name, ''), 'unnamed')
                        || ' (' || coalesce(usename, '?') || coalesce(' from ' || host(client_addr), '') || ')'
              FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
             ORDER BY pid
            """;

    private static final String ELSEWHERE = """
            SELECT datname, coalesce(nullif(application_name, ''), 'unnamed')
                        || ' (' || coalesce(usename, '?') || coalesce(' from ' || host(client_addr), '') || ')'
              FROM pg_stat_activity
             WHERE datname <> current_database() AND backend_type = 'client backend'
               AND application_name <> 'rollback' AND application_name NOT LIKE 'rollback-%'
             ORDER BY datname, pid
            """;

    @Override
    public Class<SealDatabase> action() {
        return SealDatabase.class;
    }

    @Override
    public Completed execute(SealDatabase action, StepContext step) throws StepFailure, InterruptedException {
        var database = action.getDatabase();
        var notes = new ArrayList<String>();
        try (var connection = JdbcConnections.open(database, step)) {
            endOthers(connection, step, notes);
            notePrepared(connection, notes);
            noteElsewhere(connection, database, notes);
            step.checkpoint();
            checkpoint(connection, notes);
            var tables = TableCounts.exact(connection, counted -> {
                step.checkpoint();
                step.progress(counted, 0, "tables", "counting rows");
            });
            var lsn = Sql.value(connection, "SELECT pg_current_wal_lsn()");
            long rows = tables.stream().mapToLong(TableRows::getRows).sum();
            archive(connection, lsn, action.getArchived(), step, notes);
            notes.addFirst("%d tables, %,d rows at %s".formatted(tables.size(), rows, lsn));
            return new Completed(new DatabaseSealed(lsn, tables), String.join("; ", notes));
        } catch (SQLException e) {
            throw JdbcConnections.failure(database, e);
        }
    }

    /** The writers are stopped by now: what is still connected was left behind, or does not belong here. */
    private static void endOthers(Connection connection, StepContext step, List<String> notes)
            throws SQLException, StepFailure {
        if (isAlone(connection)) {
            return;
        }
        var left = new ArrayList<String>();
        for (var other : Sql.rows(connection, OTHERS)) {
            step.checkpoint();
            Sql.rows(connection, "SELECT pg_terminate_backend(?::int)", String.valueOf(other.getFirst()));
            left.add(String.valueOf(other.get(1)));
        }
        if (!left.isEmpty()) {
            notes.add("ended %d sessions: %s".formatted(left.size(), String.join(", ", left)));
        }
        if (!isAlone(connection)) {
            var again = Sql.rows(connection, OTHERS).stream()
                    .map(row -> String.valueOf(row.get(1)))
                    .toList();
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "still connected to the database after being ended: " + String.join(", ", again)
                            + ": stop what connects again, then retry");
        }
    }

    /** Waits a little: sessions of containers that just stopped take a moment to end. */
    private static boolean isAlone(Connection connection) throws SQLException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!Sql.rows(connection, OTHERS).isEmpty()) {
            if (System.nanoTime() > end) {
                return false;
            }
            Sql.rows(connection, "SELECT pg_sleep(0.1)");
        }
        return true;
    }

    /** The server may be that of others too: their sessions end with it, or where their database is swapped. */
    private static void noteElsewhere(Connection connection, Database database, List<String> notes)
            throws SQLException {
        var connected = Sql.rows(connection, ELSEWHERE).stream()
                .filter(row -> !database.getExcept().contains(String.valueOf(row.getFirst())))
                .map(row -> row.get(1) + " to " + row.getFirst())
                .toList();
        if (!connected.isEmpty()) {
            notes.add("connected to other databases of the server: " + String.join(", ", connected));
        }
    }

    private static void notePrepared(Connection connection, List<String> notes) throws SQLException {
        var prepared = Sql.rows(connection, "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()");
        if (!prepared.isEmpty()) {
            notes.add("%d prepared transactions hold changes that are not committed".formatted(prepared.size()));
        }
    }

    /**
     * The segment is finished, and all of it fetched before the server stops: what the archive does not have by then it has once the
     * server is back, but that may not come back.
     */
    private static void archive(Connection connection, String lsn, boolean wanted, StepContext step, List<String> notes)
            throws SQLException, InterruptedException {
        var slot = WalSource.slot(step.platform());
        var kept = Sql.rows(connection, "SELECT active FROM pg_replication_slots WHERE slot_name = ?", slot);
        if (kept.isEmpty()) {
            if (wanted) {
                notes.add("WAL NOT archived: there is no replication slot " + slot + ", see `rollbackctl backups list "
                        + step.platform() + "`");
            }
            return;
        }
        var source = new WalSource(connection, step.platform(), step);
        if (!source.finishSegment()) {
            notes.add("its WAL segment is not finished: the role may not (grant execute on function pg_switch_wal())");
        }
        boolean isActive = "t".equals(kept.getFirst().getFirst());
        notes.add(
                isActive && source.awaitFetchedWhileItComes(lsn)
                        ? "WAL archived up to " + lsn
                        : "WAL NOT archived up to " + lsn
                                + (isActive ? " in time" : ": nothing fetches it")
                                + "; the server keeps it on its own volume until it is");
    }

    private static void checkpoint(Connection connection, List<String> notes) throws SQLException {
        try {
            Sql.execute(connection, "CHECKPOINT");
        } catch (SQLException e) {
            if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
                throw e;
            }
            notes.add("no checkpoint: the role may not (grant pg_checkpoint)");
        }
    }
}
