package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Databases of a server that one rollback has taken out of use: replaced ones, and restored ones where it was undone. */
final class ReplacedByRollback {
    private static final String THEIRS = " right(datname, length(?)) = ? OR right(datname, length(?)) = ? ";

    private final Connection connection;
    private final StepContext step;
    private final String kept;
    private final String undone;

    ReplacedByRollback(Connection connection, StepContext step, String rollbackId) {
        this.connection = connection;
        this.step = step;
        kept = SwapNames.kept(rollbackId);
        undone = SwapNames.undone(rollbackId);
    }

    List<String> names() throws SQLException {
        return Sql.rows(
                        connection,
                        "SELECT datname FROM pg_database WHERE" + THEIRS + "ORDER BY datname",
                        kept,
                        kept,
                        undone,
                        undone)
                .stream()
                .map(row -> String.valueOf(row.getFirst()))
                .toList();
    }

    /** Who is connected to them, one line each. */
    List<String> users() throws SQLException {
        return Sql.rows(
                        connection,
                        "SELECT usename || ' in ' || datname || coalesce(' from ' || host(client_addr), '')"
                                + " || coalesce(' with ' || nullif(application_name, ''), '') || ', process ' || pid"
                                + " FROM pg_stat_activity WHERE backend_type = 'client backend' AND (" + THEIRS
                                + ") ORDER BY pid LIMIT 10",
                        kept,
                        kept,
                        undone,
                        undone)
                .stream()
                .map(row -> String.valueOf(row.getFirst()))
                .toList();
    }

    /**
     * Fails where one has come into use meanwhile: the server knows.
     *
     * @return bytes that they had
     */
    long drop(List<String> names) throws SQLException, StepFailure {
        long bytes = 0;
        for (var name : names) {
            step.checkpoint();
            bytes += Long.parseLong(Sql.value(connection, "SELECT pg_database_size(?)", name));
            if (Sql.holds(connection, "SELECT datistemplate FROM pg_database WHERE datname = ?", name)) {
                Sql.execute(connection, "ALTER DATABASE " + Sql.name(name) + " IS_TEMPLATE false");
            }
            Sql.execute(connection, "DROP DATABASE " + Sql.name(name));
        }
        return bytes;
    }
}
