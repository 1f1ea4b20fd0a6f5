package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.OtherDatabase;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Databases made, renamed and dropped from a maintenance connection. An advisory lock keeps two attempts from working on
 * the same database; it ends with the connection, so a killed worker never holds it.
 */
final class DatabaseSwap implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseSwap.class);
    private static final int LOCK_SECONDS = 30;
    private static final String TEMPLATE = "template1";
    static final String OBJECT_IN_USE = "55006";
    /** It takes no connections, or is not there. */
    private static final Set<String> UNUSABLE = Set.of("55000", "3D000");

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

    /**
     * What becomes of a name.
     *
     * @param incoming database that gets it; null for none
     * @param outgoing name that the one which has it gets; null where none has it
     */
    private record Move(
            String live,
            @Nullable String incoming,
            @Nullable String outgoing) {}

    /** Connects without waiting for other attempts: only for looking. */
    static DatabaseSwap look(Database database, StepContext step) throws StepFailure {
        return look(database, List.of(), step);
    }

    private static DatabaseSwap look(Database database, Collection<String> others, StepContext step)
            throws StepFailure {
        // Nobody renames the database that he is connected to.
        boolean isUsed =
                database.getName().equals(ServerDatabases.MAINTENANCE) || others.contains(ServerDatabases.MAINTENANCE);
        return new DatabaseSwap(database, step, isUsed ? template(database, step) : maintenance(database, step));
    }

    private static Connection maintenance(Database database, StepContext step) throws StepFailure {
        try {
            return JdbcConnections.open(database, ServerDatabases.MAINTENANCE, step);
        } catch (StepFailure e) {
            // A killed attempt has closed it, or it is gone.
            boolean isClosed = e.getCause() instanceof SQLException refused
                    && UNUSABLE.contains(String.valueOf(refused.getSQLState()));
            if (isClosed) {
                return template(database, step);
            }
            throw e;
        }
    }

    private static Connection template(Database database, StepContext step) throws StepFailure {
        return JdbcConnections.open(database, TEMPLATE, step);
    }

    static DatabaseSwap open(Database database, StepContext step)
            throws StepFailure, SQLException, InterruptedException {
        return open(database, List.of(), step);
    }

    /** @param others names of further databases that are swapped with it */
    static DatabaseSwap open(Database database, Collection<String> others, StepContext step)
            throws StepFailure, SQLException, InterruptedException {
        var swap = look(database, others, step);
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

    /** Of the platform's database. */
    SwapNames names() {
        return names;
    }

    SwapNames names(String name) {
        return SwapNames.of(name, step.rollbackId());
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

    /** All are swapped with the platform's database, or none. */
    boolean isSwapped() throws SQLException {
        return exists(names.kept()) && exists(names.live());
    }

    /** Names of the server's databases that belong to the platform. */
    List<String> belonging() throws SQLException, StepFailure, InterruptedException {
        return ServerDatabases.of(connection, database, step).names();
    }

    /** Databases in whose place a restored one is, the platform's first. */
    List<String> swapped() throws SQLException {
        return having(SwapNames::kept);
    }

    /** Databases that a restored one is being made for. */
    List<String> begun() throws SQLException {
        return having(SwapNames::side);
    }

    private List<String> having(Function<SwapNames, String> companion) throws SQLException {
        var all = Sql.rows(connection, "SELECT datname FROM pg_database").stream()
                .map(row -> String.valueOf(row.getFirst()))
                .toList();
        return all.stream()
                .filter(name -> all.contains(companion.apply(names(name))))
                .sorted(Comparator.comparing((String name) -> !name.equals(names.live()))
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    /** Bytes of a database; 0 when it is not there. */
    long size(String name) throws SQLException {
        return Long.parseLong(Sql.value(
                connection,
                "SELECT coalesce((SELECT pg_database_size(oid) FROM pg_database WHERE datname = ?), 0)",
                name));
    }

    /**
     * An empty database like the live one, in place of what a killed attempt left half restored; like the one that was dumped, where that is gone.
     */
    void createSide(String name, Optional<Globals> globals) throws SQLException, StepFailure, InterruptedException {
        var its = names(name);
        drop(its.side());
        var create = create(its, globals);
        step.checkpoint();
        Sql.execute(connection, create);
    }

    private String create(SwapNames its, Optional<Globals> globals)
            throws SQLException, StepFailure, InterruptedException {
        if (exists(its.live())) {
            return new DatabaseProperties(connection, its.live()).createAs(its.side());
        }
        // Where it is to be is said by the platform, and it is what tells whether a swap was made.
        var create = globals.isEmpty() || its.equals(names)
                ? Optional.<String>empty()
                : globals.get().create(connection, its.live(), its.side());
        return create.orElseThrow(() -> new StepFailure(
                FailureKind.PRECONDITION,
                "there is no database " + its.live() + " to replace: create it empty, then retry"));
    }

    /** Drops all that restored databases were made in, and that never took the place of another. */
    boolean dropSides() throws SQLException {
        var suffix = SwapNames.side(step.rollbackId());
        var sides = Sql.rows(
                connection, "SELECT datname FROM pg_database WHERE right(datname, length(?)) = ?", suffix, suffix);
        for (var side : sides) {
            drop(String.valueOf(side.getFirst()));
        }
        return !sides.isEmpty();
    }

    ReplacedByRollback replacedBy(String rollbackId) {
        return new ReplacedByRollback(connection, step, rollbackId);
    }

    private void drop(String name) throws SQLException {
        if (exists(name)) {
            step.checkpoint();
            allowConnections(name, false);
            endSessions(name);
            Sql.execute(connection, "DROP DATABASE " + Sql.name(name));
        }
    }

    /**
     * Puts the side databases in the place of the live ones, which are kept.
     *
     * @param all names of the databases
     * @param globals of the server that the dumps are of
     * @return what of them could not be done; empty for nothing
     */
    String swapIn(List<String> all, Optional<Globals> globals) throws SQLException, StepFailure, InterruptedException {
        var failed = new ArrayList<String>();
        var moves = new ArrayList<Move>();
        for (var name : all) {
            var its = names(name);
            boolean replaces = exists(name);
            if (replaces) {
                for (var statement : new DatabaseProperties(connection, name).applyTo(its.side())) {
                    step.checkpoint();
                    Sql.execute(connection, statement);
                }
            }
            if (globals.isPresent()) {
                var left = globals.get().applyTo(connection, name, its.side(), replaces, step);
                if (!left.isEmpty()) {
                    failed.add(left);
                }
            }
            moves.add(new Move(name, its.side(), replaces ? its.kept() : null));
        }
        exchange(moves);
        return String.join("; ", failed);
    }

    /**
     * Returns the kept databases to their places; the restored ones are kept in turn, for what was written to them.
     *
     * @param others that were restored, as far as that was noted: the server does not tell which of them had not been there before
     */
    void swapOut(List<OtherDatabase> others) throws SQLException, StepFailure {
        var moves = new ArrayList<Move>();
        for (var name : swapped()) {
            var its = names(name);
            moves.add(new Move(name, its.kept(), its.undone()));
        }
        for (var other : others) {
            var name = other.getName();
            var kept = other.getKeptAs();
            if (kept == null && exists(name)) {
                moves.add(new Move(name, null, names(name).undone()));
            } else if (kept != null && !exists(name) && exists(kept)) {
                moves.add(new Move(name, kept, null)); // somebody dropped the restored one
            }
        }
        exchange(moves);
    }

    /** A killed attempt may have closed those that a restored one is being made for. */
    void reopen() throws SQLException {
        reopen(begun());
    }

    /** A killed attempt may have closed them, and the platform's. */
    void reopen(Collection<String> all) throws SQLException {
        var closed = new LinkedHashSet<>(all);
        closed.add(names.live());
        for (var name : closed) {
            if (!exists(name)) {
                continue;
            }
            step.checkpoint();
            allowConnections(name, true);
        }
    }

    private void exchange(List<Move> moves) throws SQLException, StepFailure {
        step.checkpoint();
        boolean done = false;
        try {
            for (var move : moves) {
                if (move.outgoing() != null) {
                    allowConnections(move.live(), false);
                }
            }
            for (var move : moves) {
                endSessions(move.live());
                if (move.incoming() != null) {
                    endSessions(move.incoming());
                }
            }
            step.checkpoint();
            rename(moves);
            done = true;
        } catch (SQLException e) {
            if (OBJECT_IN_USE.equals(e.getSQLState())) {
                throw inUse(e);
            }
            throw e;
        } finally {
            if (!done) {
                reopenAfterFailure(moves);
            }
        }
    }

    /** An interrupt closes the connection in use, and must not leave the platform without its databases. */
    private void reopenAfterFailure(List<Move> moves) {
        boolean interrupted = Thread.interrupted();
        try (var fresh = look(database, moves.stream().map(Move::live).toList(), step)) {
            for (var move : moves) {
                if (move.outgoing() != null) {
                    fresh.openAfterFailure(move.live());
                }
            }
        } catch (StepFailure | SQLException e) {
            LOG.warn("databases may refuse connections until the step is retried or undone: {}", moves, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void openAfterFailure(String name) {
        try {
            allowConnections(name, true);
        } catch (SQLException e) {
            LOG.warn("database {} may refuse connections until the step is retried or undone", name, e);
        }
    }

    /** In one transaction: at no moment is there no database of a name, or a second one, or some of before and some of after. */
    private void rename(List<Move> moves) throws SQLException {
        connection.setAutoCommit(false);
        try {
            for (var move : moves) {
                if (move.outgoing() != null) {
                    rename(move.live(), move.outgoing());
                    allowConnections(move.outgoing(), true);
                }
                if (move.incoming() != null) {
                    rename(move.incoming(), move.live());
                    allowConnections(move.live(), true);
                }
            }
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
                "database %s, or another of its server, is still in use (%s): end what uses it, prepared transactions too, then retry"
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
