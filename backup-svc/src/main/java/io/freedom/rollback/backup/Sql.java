package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.sql.JdbcConnections;
import io.freedom.rollback.worker.sql.TableCounts;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Short SQL statements, and names and values written into those that take no parameters. */
final class Sql {
    private Sql() {}

    interface Work<T> {
        T run() throws SQLException, StepFailure, InterruptedException;
    }

    /** Runs; an SQL error says what to do. */
    static <T> T work(Database database, Work<T> work) throws StepFailure, InterruptedException {
        try {
            return work.run();
        } catch (SQLException e) {
            throw JdbcConnections.failure(database, e);
        }
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Rows of text columns; a null stays null. */
    static List<List<@Nullable String>> rows(Connection connection, String sql, Object... parameters)
            throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            try (var result = statement.executeQuery()) {
                int columns = result.getMetaData().getColumnCount();
                var rows = new ArrayList<List<@Nullable String>>();
                while (result.next()) {
                    var row = new ArrayList<@Nullable String>();
                    for (int i = 1; i <= columns; i++) {
                        row.add(result.getString(i));
                    }
                    rows.add(row);
                }
                return rows;
            }
        }
    }

    /** First column of the first row; fails when there is none. */
    static String value(Connection connection, String sql, Object... parameters) throws SQLException {
        var rows = rows(connection, sql, parameters);
        var value = rows.isEmpty() ? null : rows.getFirst().getFirst();
        if (value == null) {
            throw new SQLException("no value from: " + sql, "02000");
        }
        return value;
    }

    static boolean holds(Connection connection, String sql, Object... parameters) throws SQLException {
        return value(connection, sql, parameters).equals("t");
    }

    static String name(String identifier) {
        return TableCounts.quoted(identifier);
    }

    /** Right whatever standard_conforming_strings says. */
    static String literal(String value) {
        return "E'" + value.replace("\\", "\\\\").replace("'", "''") + "'";
    }

    /** E.g. "15.18" of "15.18 (Debian 15.18-0+deb12u1)". */
    static String serverVersion(Connection connection) throws SQLException {
        return value(connection, "SHOW server_version").replaceFirst("\\s.*", "");
    }
}
