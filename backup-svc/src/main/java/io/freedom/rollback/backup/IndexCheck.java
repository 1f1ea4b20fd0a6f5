package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Has amcheck look whether the B-tree indexes of a database are in order, where the server has it and the role may use it. Nothing of
 * it stays: the extension is made in a transaction that is rolled back.
 */
final class IndexCheck {
    private static final Set<String> DAMAGED = Set.of("XX001", "XX002");

    private static final String USABLE = """
            SELECT rolsuper AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck')
            FROM pg_roles WHERE rolname = current_user""";
    private static final String INSTALLED = """
            SELECT coalesce((SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
                             WHERE extname = 'amcheck'), '')""";
    private static final String CHECK = """
            SELECT %s.bt_index_check(c.oid::regclass) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            JOIN pg_am a ON a.oid = c.relam
            WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p' AND i.indisvalid AND i.indisready""";
    private static final String SCHEMA = "rollback_amcheck";

    private IndexCheck() {}

    /**
     * How many indexes it looked at; empty where the server has no amcheck or the role may not use it.
     *
     * @throws StepFailure TOOL for an index that is damaged
     */
    static OptionalInt of(Connection connection) throws SQLException, StepFailure {
        if (!Sql.holds(connection, USABLE)) {
            return OptionalInt.empty();
        }
        connection.setAutoCommit(false);
        try {
            // Event triggers of the platform have no say in this.
            Sql.execute(connection, "SET LOCAL session_replication_role = replica");
            return OptionalInt.of(check(connection, schema(connection)));
        } finally {
            connection.rollback();
        }
    }

    private static String schema(Connection connection) throws SQLException {
        var there = Sql.value(connection, INSTALLED);
        if (!there.isEmpty()) {
            return there;
        }
        Sql.execute(connection, "CREATE SCHEMA " + SCHEMA);
        Sql.execute(connection, "CREATE EXTENSION amcheck SCHEMA " + SCHEMA);
        return SCHEMA;
    }

    private static int check(Connection connection, String schema) throws SQLException, StepFailure {
        try {
            return Sql.rows(connection, CHECK.formatted(Sql.name(schema))).size();
        } catch (SQLException e) {
            if (DAMAGED.contains(String.valueOf(e.getSQLState()))) {
                throw new StepFailure(
                        FailureKind.TOOL,
                        "an index is damaged right after it was built (%s), so what was restored was dropped, and the live database is untouched: is the disk or the memory of the server's machine sound?"
                                .formatted(e.getMessage()),
                        e);
            }
            throw e;
        }
    }
}
