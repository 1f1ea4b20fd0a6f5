package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The databases of a server that belong to its platform (ADR 26).
 *
 * @param names the platform's own first, then by name
 * @param leftOut those that its role may not connect to, each with the reason
 */
record ServerDatabases(List<String> names, List<String> leftOut) {
    static final String MAINTENANCE = "postgres";
    private static final String REFUSED = "28";

    /** What rollbacks keep; see {@link SwapNames}. */
    private static final Pattern KEPT =
            Pattern.compile(".*__(restore|before|undone)_(rb-[a-z0-9_-]{1,17}|[0-9a-f]{12})", Pattern.DOTALL);

    private static final String ALL = """
            SELECT datname, has_database_privilege(oid, 'CONNECT')::text FROM pg_database
             WHERE datallowconn AND NOT datistemplate ORDER BY datname COLLATE "C"
            """;

    /** Whether somebody made something in a database that begins with nothing. */
    private static final String USED = """
            SELECT (EXISTS (SELECT FROM pg_class WHERE oid >= 16384)
                 OR EXISTS (SELECT FROM pg_proc WHERE oid >= 16384)
                 OR EXISTS (SELECT FROM pg_type WHERE oid >= 16384)
                 OR EXISTS (SELECT FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_')
                 OR EXISTS (SELECT FROM pg_extension WHERE oid >= 16384)
                 OR EXISTS (SELECT FROM pg_largeobject_metadata))::text
            """;

    ServerDatabases {
        names = List.copyOf(names);
        leftOut = List.copyOf(leftOut);
    }

    /**
     * @param server asks any database of it
     * @param maintenance asks {@link #MAINTENANCE}
     */
    static ServerDatabases of(Globals.Query server, Globals.Query maintenance, Database platform)
            throws SQLException, StepFailure, InterruptedException {
        var names = new ArrayList<>(List.of(platform.getName()));
        var leftOut = new ArrayList<String>();
        for (var row : server.rows(ALL)) {
            var name = String.valueOf(row.getFirst());
            if (name.equals(platform.getName())
                    || platform.getExcept().contains(name)
                    || KEPT.matcher(name).matches()) {
                continue;
            }
            if (!"true".equals(row.get(1))) {
                leftOut.add(name + " (role " + platform.getUser() + " may not connect to it)");
            } else if (!name.equals(MAINTENANCE)) {
                names.add(name);
            } else {
                try {
                    if ("true".equals(maintenance.rows(USED).getFirst().getFirst())) {
                        names.add(name);
                    }
                } catch (StepFailure e) {
                    leftOut.add(refused(name, platform, e));
                }
            }
        }
        return new ServerDatabases(names, leftOut);
    }

    /** A database that the role has a right to, but that pg_hba.conf keeps it from; any other failure is thrown again. */
    static String refused(String name, Database platform, StepFailure failure) throws StepFailure {
        if (failure.getCause() instanceof SQLException refused
                && String.valueOf(refused.getSQLState()).startsWith(REFUSED)) {
            return name + " (the server refuses role " + platform.getUser() + ": see pg_hba.conf)";
        }
        throw failure;
    }

    static ServerDatabases of(Connection connection, Database platform, StepContext step)
            throws SQLException, StepFailure, InterruptedException {
        return of(
                sql -> Sql.rows(connection, sql),
                sql -> {
                    try (var maintenance = JdbcConnections.open(platform, MAINTENANCE, step)) {
                        return Sql.rows(maintenance, sql);
                    }
                },
                platform);
    }

    /** All but the platform's. */
    List<String> others() {
        return names.subList(1, names.size());
    }
}
