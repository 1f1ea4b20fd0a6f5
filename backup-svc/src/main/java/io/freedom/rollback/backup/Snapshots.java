package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A transaction in each database of a server. No snapshot is of several databases, but transactions are counted for the whole server: where all of
 * them see the same, they are of one moment.
 */
final class Snapshots implements AutoCloseable {
    private static final int ATTEMPTS = 100;
    /** The table is as the snapshot sees it, the function knows the present. */
    private static final String REWRITTEN = """
            SELECT EXISTS (SELECT FROM pg_class
             WHERE relkind IN ('r', 'm') AND relfilenode <> 0 AND oid >= 16384 AND relpersistence <> 't'
               AND relfilenode IS DISTINCT FROM pg_relation_filenode(oid))
            """;

    /**
     * What the snapshot sees lies before it in the WAL; of what was committed right after, perhaps some too. On a standby, what it has replayed.
     */
    static final String POSITION = """
            CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END""";

    private static final String LOOK = "SELECT txid_current_snapshot()::text, " + POSITION;

    private final Map<String, Connection> connections = new LinkedHashMap<>();
    private final Map<String, Taken> taken = new HashMap<>();
    private final List<String> leftOut = new ArrayList<>();
    private boolean oneMoment;

    private Snapshots() {}

    /**
     * When a database's snapshot was taken.
     *
     * @param at by the worker's clock
     * @param lsn position in the WAL
     */
    record Taken(Instant at, String lsn) {}

    /** Of all databases that belong to the platform, its own first. */
    static Snapshots open(Database platform, StepContext step) throws StepFailure, SQLException, InterruptedException {
        var snapshots = new Snapshots();
        try {
            var connection = JdbcConnections.open(platform, step);
            snapshots.connections.put(platform.getName(), connection);
            var databases = ServerDatabases.of(connection, platform, step);
            snapshots.leftOut.addAll(databases.leftOut());
            for (var other : databases.others()) {
                snapshots.connect(platform, other, step);
            }
            return snapshots;
        } catch (StepFailure | SQLException | InterruptedException | RuntimeException e) {
            snapshots.close();
            throw e;
        }
    }

    private void connect(Database platform, String other, StepContext step) throws StepFailure {
        step.checkpoint();
        try {
            connections.put(other, JdbcConnections.open(platform, other, step));
        } catch (StepFailure e) {
            leftOut.add(ServerDatabases.refused(other, platform, e));
        }
    }

    /** Begins the transactions, until all of them see the same or the server does not come to rest. */
    void take(StepContext step) throws SQLException {
        for (int attempt = 0; attempt < ATTEMPTS && !oneMoment; attempt++) {
            step.checkpoint();
            for (var connection : connections.values()) {
                begin(connection);
            }
            var seen = new HashSet<String>();
            for (var database : connections.keySet()) {
                seen.add(look(database));
            }
            oneMoment = seen.size() == 1;
        }
    }

    /** The first statement is what takes the snapshot. Returns which transactions it sees. */
    private String look(String database) throws SQLException {
        var at = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        var row = Sql.rows(Objects.requireNonNull(connections.get(database)), LOOK)
                .getFirst();
        taken.put(database, new Taken(at, String.valueOf(row.get(1))));
        return String.valueOf(row.getFirst());
    }

    /** Of the snapshot that a database has now. */
    Taken taken(String database) {
        return Objects.requireNonNull(taken.get(database));
    }

    private static void begin(Connection connection) throws SQLException {
        if (!connection.getAutoCommit()) {
            connection.rollback();
        }
        connection.setAutoCommit(false);
        Sql.execute(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
        Sql.execute(connection, "SET LOCAL idle_in_transaction_session_timeout = 0");
        Sql.execute(connection, "SET LOCAL statement_timeout = 0");
    }

    /** Names, the platform's first. */
    List<String> databases() {
        return List.copyOf(connections.keySet());
    }

    /** To the platform's database. */
    Connection platform() {
        return connections.values().iterator().next();
    }

    /** All but the platform's. */
    List<String> others() {
        return databases().subList(1, connections.size());
    }

    /**
     * Right before it is dumped. A table that was emptied or rewritten since the snapshot was taken would look empty in it, and nothing would tell: then
     * there is another snapshot.
     */
    Connection fresh(String database) throws SQLException {
        var connection = Objects.requireNonNull(connections.get(database));
        if (Sql.holds(connection, REWRITTEN)) {
            begin(connection);
            var _ = look(database);
            oneMoment = connections.size() == 1;
        }
        return connection;
    }

    Dumps dumps() {
        return new Dumps(databases(), oneMoment, leftOut);
    }

    @Override
    public void close() throws SQLException {
        SQLException failure = null;
        for (var connection : connections.values()) {
            try {
                connection.close();
            } catch (SQLException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
