package io.freedom.rollback.worker.sql;

import io.freedom.rollback.schemas.action.TableRows;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/** Exact rows of every user table, in one snapshot. */
public final class TableCounts {
    /**
     * Plain tables and leaf partitions: a partitioned parent holds no rows of its own and would count them twice. Not those of
     * extensions, but for their configuration: a dump leaves them out.
     */
    private static final String TABLES = """
            SELECT n.nspname, c.relname
              FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r'
               AND c.relpersistence <> 't'
               AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
               AND NOT EXISTS (
                   SELECT FROM pg_catalog.pg_depend d
                     JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
                    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                      AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
                      AND NOT c.oid = ANY (coalesce(e.extconfig, '{}')))
             ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
            """;

    /** One column: for each table a statement that gives its schema, its name and its rows as a JSON array. */
    public static final String STATEMENTS = """
            SELECT format('SELECT json_build_array(%L::text, %L::text, count(*))::text FROM ONLY %I.%I',
                          nspname, relname, nspname, relname)
              FROM (""" + TABLES + ") AS tables";

    private TableCounts() {}

    /** Rows of each table, ordered by schema and table. */
    public static List<TableRows> exact(Connection connection) throws SQLException {
        return exact(connection, tables -> {});
    }

    /**
     * Rows of each table, ordered by schema and table. Inside the connection's transaction if it has one open, else in
     * a transaction of its own.
     *
     * @param counted told the number of tables counted so far, after each of them
     */
    public static List<TableRows> exact(Connection connection, IntConsumer counted) throws SQLException {
        if (!connection.getAutoCommit()) {
            return count(connection, counted);
        }
        connection.setAutoCommit(false);
        try {
            execute(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
            return count(connection, counted);
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    /** A name as an SQL identifier. */
    public static String quoted(String identifier) {
        return '"' + identifier.replace("\"", "\"\"") + '"';
    }

    private static List<TableRows> count(Connection connection, IntConsumer counted) throws SQLException {
        // A row security policy would hide rows silently; off, it is an error.
        execute(connection, "SET LOCAL row_security = off");
        var rows = new ArrayList<TableRows>();
        try (var statement = connection.createStatement();
                var tables = statement.executeQuery(TABLES)) {
            while (tables.next()) {
                rows.add(count(connection, tables.getString(1), tables.getString(2)));
                counted.accept(rows.size());
            }
        }
        return List.copyOf(rows);
    }

    private static TableRows count(Connection connection, String schema, String table) throws SQLException {
        // ONLY: children of an inherited table are tables of their own.
        var sql = "SELECT count(*) FROM ONLY " + quoted(schema) + "." + quoted(table);
        try (var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            result.next();
            return new TableRows(schema, table, result.getLong(1));
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
