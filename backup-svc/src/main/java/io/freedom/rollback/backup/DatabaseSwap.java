package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Databases made, renamed and dropped from a maintenance connection. An advisory lock keeps two attempts from working on
 * the same database; it ends with the connection, so a killed worker never holds it.
 */
final class DatabaseSwap implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseSwap.class);
    private static final int LOCK_SECONDS = 30;
    static final String OBJECT_IN_USE = "55006";

    private final Database database;
    private final StepContext step;
    private final Connection connection;
    private final SwapNames names;

    private DatabaseSwap(Database database, StepContext step, Connection connection) {
        this.database = database;
        this.step = step;
        this.connection = connection;
        this.names = SwapNames.of(database.getName(), step.rollbackId());
    }

    /** Connects without waiting for other attempts: only for looking. */
    static DatabaseSwap look(Database database, StepContext step) throws StepFailure {
        var maintenance = database.getName().equals("postgres") ? "template1" : "postgres";
        return new DatabaseSwap(database, step, JdbcConnections.open(database, maintenance, step));
    }

    static DatabaseSwap open(Database database, StepContext step)
            throws StepFailure, SQLException, InterruptedException {
        var swap = look(database, step);
        try {
            swap.lock();
            return swap;
        } catch (StepFailure | SQLException | InterruptedException | RuntimeException e) {
            swap.close();
            throw e;
        }
    }

    private void lock() throws StepFailure, SQLException, InterruptedException {
        var sql = "SELECT pg_try_advisory_lock(hashtext('rollback'), hashtext(?))";
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LOCK_SECONDS);
        while (!Sql.holds(connection, sql, database.getName())) {
            step.checkpoint();
            if (System.nanoTime() > end) {
                throw new StepFailure(
                        FailureKind.UNAVAILABLE,
                        "another attempt still works on database " + database.getName() + ": retry once it has ended");
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    SwapNames names() {
        return names;
    }

    boolean exists(String name) throws SQLException {
        return Sql.holds(connection, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = ?)", name);
    }

    String serverVersion() throws SQLException {
        return Sql.serverVersion(connection);
    }

    /** @return what had to be done; empty for nothing */
    String createMissingRoles(Globals globals) throws SQLException {
        return globals.createMissing(connection, step);
    }

    boolean isSwapped() throws SQLException {
        return exists(names.kept()) && exists(names.live());
    }

    /** Bytes of a database; 0 when it is not there. */
    long size(String name) throws SQLException {
        return Long.parseLong(Sql.value(
                connection,
                "SELECT coalesce((SELECT pg_database_size(oid) FROM pg_database WHERE datname = ?), 0)",
                name));
    }

    /** An empty database like the live one, in place of what a killed attempt left half restored. */
    void createSide() throws SQLException, StepFailure {
        if (!exists(names.live())) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "there is no database " + names.live() + " to replace: create it empty, then retry");
        }
        drop(names.side());
        var create = new DatabaseProperties(connection, names.live()).createAs(names.side());
        step.checkpoint();
        Sql.execute(connection, create);
    }

    void drop(String name) throws SQLException {
        if (exists(name)) {
            step.checkpoint();
            Sql.execute(connection, "ALTER DATABASE " + Sql.name(name) + " ALLOW_CONNECTIONS false");
            endSessions(name);
            Sql.execute(connection, "DROP DATABASE " + Sql.name(name));
        }
    }

    /**
     * Puts the side database in the place of the live one, which is kept.
     *
     * @param globals of the server that the dump is of
     * @return what of them could not be done; empty for nothing
     */
    String swapIn(Optional<Globals> globals) throws SQLException, StepFailure, InterruptedException {
        for (var statement : new DatabaseProperties(connection, names.live()).applyTo(names.side())) {
            step.checkpoint();
            Sql.execute(connection, statement);
        }
        var failed = globals.isPresent() ? globals.get().applyTo(connection, names.side(), step) : "";
        exchange(names.side(), names.kept());
        return failed;
    }

    /** Returns the kept database to its place; the restored one is kept in turn, for what was written to it. */
    void swapOut() throws SQLException, StepFailure {
        exchange(names.kept(), names.undone());
    }

    /** A killed attempt may have closed the live database. */
    void reopen() throws SQLException {
        if (exists(names.live())) {
            step.checkpoint();
            allowConnections(names.live(), true);
        }
    }

    private void exchange(String incoming, String outgoing) throws SQLException, StepFailure {
        step.checkpoint();
        allowConnections(names.live(), false);
        boolean done = false;
        try {
            endSessions(names.live());
            endSessions(incoming);
            step.checkpoint();
            renameBoth(incoming, outgoing);
            done = true;
        } catch (SQLException e) {
            if (OBJECT_IN_USE.equals(e.getSQLState())) {
                throw inUse(e);
            }
            throw e;
        } finally {
            if (!done) {
                reopenAfterFailure();
            }
        }
    }

    /** An interrupt closes the connection in use, and must not leave the platform without its database. */
    private void reopenAfterFailure() {
        boolean interrupted = Thread.interrupted();
        try (var fresh = look(database, step)) {
            fresh.allowConnections(names.live(), true);
        } catch (StepFailure | SQLException e) {
            LOG.warn("database {} may refuse connections until the step is retried or undone", names.live(), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** In one transaction: at no moment is there no database of that name, or a second one. */
    private void renameBoth(String incoming, String outgoing) throws SQLException {
        connection.setAutoCommit(false);
        try {
            rename(names.live(), outgoing);
            rename(incoming, names.live());
            allowConnections(outgoing, true);
            allowConnections(names.live(), true);
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private StepFailure inUse(SQLException e) {
        return new StepFailure(
                FailureKind.UNAVAILABLE,
                "database %s is still in use (%s): end what uses it, prepared transactions too, then retry"
                        .formatted(names.live(), e.getMessage()),
                e);
    }

    private void rename(String from, String to) throws SQLException {
        Sql.execute(connection, "ALTER DATABASE " + Sql.name(from) + " RENAME TO " + Sql.name(to));
    }

    private void allowConnections(String name, boolean allowed) throws SQLException {
        Sql.execute(connection, "ALTER DATABASE " + Sql.name(name) + " ALLOW_CONNECTIONS " + allowed);
    }

    private void endSessions(String name) throws SQLException {
        Sql.rows(
                connection,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ? AND pid <> pg_backend_pid()",
                name);
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
