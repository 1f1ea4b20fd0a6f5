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
 * @param leftOut those that cannot be kept or put back, each with the reason
 */
record ServerDatabases(List<String> names, List<String> leftOut) {
    static final String MAINTENANCE = "postgres";
    private static final String REFUSED = "28";
    private static final String CLOSED = "55000";

    /** What rollbacks keep; see {@link SwapNames}. */
    private static final Pattern KEPT =
            Pattern.compile(".*__(restore|before|undone)_(rb-[a-z0-9_-]{1,17}|[0-9a-f]{12})", Pattern.DOTALL);

    /** With why it cannot be one of them. To put one back is to make, rename and drop it, which its owner may. */
    private static final String ALL = """
            SELECT datname, CASE
                     WHEN datconnlimit = -2 THEN 'its removal was interrupted: drop it'
                     WHEN NOT datallowconn THEN 'it takes no connections'
                     WHEN NOT has_database_privilege(oid, 'CONNECT') THEN 'role ' || current_user || ' may not connect to it'
                     WHEN NOT pg_has_role(datdba, 'MEMBER')
                     THEN 'role ' || current_user || ' is not its owner, and could not put it back'
                   END
              FROM pg_database WHERE NOT datistemplate ORDER BY datname COLLATE "C"
            """;

    /** Whether somebody made something in a database that begins with nothing, other than extensions, which look after the server. */
    private static final String USED = """
            WITH own AS (
              SELECT 'pg_class'::regclass AS of, oid FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
              UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc
              UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typtype IN ('d', 'e', 'r')
              UNION ALL SELECT 'pg_namespace'::regclass, oid FROM pg_namespace WHERE nspname !~ '^pg_')
            SELECT (EXISTS (SELECT FROM own WHERE oid >= 16384 AND NOT EXISTS (
                     SELECT FROM pg_depend WHERE classid = own.of AND objid = own.oid AND deptype = 'e'))
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
            var why = row.get(1);
            try {
                if (name.equals(MAINTENANCE)
                        && !"true".equals(maintenance.rows(USED).getFirst().getFirst())) {
                    continue;
                }
            } catch (StepFailure e) {
                leftOut.add(refused(name, platform, e));
                continue;
            }
            if (why == null) {
                names.add(name);
            } else {
                leftOut.add(name + " (" + why + ")");
            }
        }
        return new ServerDatabases(names, leftOut);
    }

    /** A database that the role has a right to, but that pg_hba.conf keeps it from; any other failure is thrown again. */
    static String refused(String name, Database platform, StepFailure failure) throws StepFailure {
        var state = failure.getCause() instanceof SQLException refused ? String.valueOf(refused.getSQLState()) : "";
        if (state.startsWith(REFUSED)) {
            return name + " (the server refuses role " + platform.getUser() + ": see pg_hba.conf)";
        }
        if (state.equals(CLOSED)) {
            return name + " (it takes no connections)";
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
