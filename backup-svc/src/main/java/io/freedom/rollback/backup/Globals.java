package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a database needs of its server, and what belongs to it but is in no dump: kept beside the dump, for a server that is new.
 *
 * @param systemIdentifier of the server's data directory; another one has roles and settings of its own
 * @param roles all of the server's, PostgreSQL's own left out
 * @param database statements that give a database called {@link #NAME} the settings, rights and comment
 */
record Globals(String systemIdentifier, List<Role> roles, List<String> database) {
    /** In place of a database's name. */
    private static final String NAME = "the restored database\u0001";

    private static final String FILE = "globals.json";

    private static final String MAY_READ_PASSWORDS = "SELECT has_table_privilege('pg_authid', 'SELECT')::text";

    /** Each with a place for where passwords are, and for them. */
    private static final String ROLES = """
            SELECT rolname, concat_ws(' ',
                   CASE WHEN rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
                   CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
                   CASE WHEN rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
                   CASE WHEN rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
                   CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
                   CASE WHEN rolreplication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
                   CASE WHEN rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
                   'CONNECTION LIMIT ' || rolconnlimit,
                   'PASSWORD ' || quote_literal(%s),
                   'VALID UNTIL ' || quote_literal(rolvaliduntil))
              FROM %s WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE "C"
            """;

    private static final String MEMBERSHIPS = """
            SELECT m.rolname, r.rolname, a.admin_option::text
              FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
             WHERE m.rolname !~ '^pg_' ORDER BY 1, 2
            """;

    private static final String SETTINGS = """
            SELECT r.rolname, unnest(s.setconfig) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
             WHERE s.setdatabase = 0 AND r.rolname !~ '^pg_' ORDER BY 1, 2
            """;

    Globals {
        roles = List.copyOf(roles);
        database = List.copyOf(database);
    }

    /**
     * A role.
     *
     * @param create statement
     * @param then statements that need other roles, or change nothing but its settings
     */
    record Role(String name, String create, List<String> then) {
        Role {
            then = List.copyOf(then);
        }
    }

    /** Asks a server, by whatever connection there is. Columns are texts. */
    interface Query {
        List<List<@Nullable String>> rows(String sql) throws SQLException, StepFailure, InterruptedException;
    }

    /** @param query of any database of the server */
    static Globals of(Query query, String database) throws SQLException, StepFailure, InterruptedException {
        boolean passwords = "true".equals(first(query.rows(MAY_READ_PASSWORDS)));
        var creates = new LinkedHashMap<String, String>();
        var sql = passwords ? ROLES.formatted("rolpassword", "pg_authid") : ROLES.formatted("NULL::text", "pg_roles");
        for (var row : query.rows(sql)) {
            var name = String.valueOf(row.getFirst());
            creates.put(name, "CREATE ROLE " + Sql.name(name) + " " + row.get(1));
        }
        var then = new LinkedHashMap<String, List<String>>();
        for (var row : query.rows(MEMBERSHIPS)) {
            var member = String.valueOf(row.getFirst());
            then.computeIfAbsent(member, _ -> new ArrayList<>())
                    .add("GRANT " + Sql.name(String.valueOf(row.get(1))) + " TO " + Sql.name(member)
                            + ("true".equals(row.get(2)) ? " WITH ADMIN OPTION" : ""));
        }
        for (var row : query.rows(SETTINGS)) {
            var name = String.valueOf(row.getFirst());
            then.computeIfAbsent(name, _ -> new ArrayList<>())
                    .add(DatabaseProperties.setting("ALTER ROLE " + Sql.name(name), String.valueOf(row.get(1))));
        }
        var roles = creates.entrySet().stream()
                .map(role -> new Role(role.getKey(), role.getValue(), then.getOrDefault(role.getKey(), List.of())))
                .toList();
        return new Globals(
                first(query.rows("SELECT system_identifier::text FROM pg_control_system()")),
                roles,
                DatabaseProperties.statements(query, database, NAME));
    }

    private static String first(List<List<@Nullable String>> rows) {
        return String.valueOf(rows.getFirst().getFirst());
    }

    void write(RestorePoint point) throws IOException {
        PrivateFiles.write(point.databases().resolve(FILE), Json.text(this));
    }

    /** Empty where an older release took it. */
    static Optional<Globals> read(RestorePoint point) throws IOException {
        var file = point.databases().resolve(FILE);
        return Files.exists(file) ? Optional.of(Json.read(file, Globals.class)) : Optional.empty();
    }

    /**
     * Makes the roles that the server lacks, as they were; those that it has stay as they are.
     *
     * @return what was done, and what could not be; empty for nothing
     */
    String createMissing(Connection connection, StepContext step) throws SQLException {
        var present = Sql.rows(connection, "SELECT rolname FROM pg_roles").stream()
                .map(List::getFirst)
                .toList();
        var missing =
                roles.stream().filter(role -> !present.contains(role.name())).toList();
        var failed = new ArrayList<String>();
        for (var role : missing) {
            step.checkpoint();
            run(connection, role.create(), failed);
        }
        for (var role : missing) {
            for (var statement : role.then()) {
                step.checkpoint();
                run(connection, statement, failed);
            }
        }
        return missing.isEmpty()
                ? ""
                : "created roles that the server lacked: "
                        + missing.stream().map(Role::name).collect(Collectors.joining(", "))
                        + (failed.isEmpty() ? "" : " (not all of it: " + String.join("; ", failed) + ")");
    }

    /** Whether the restore can do without it, pg_restore knows. */
    private static void run(Connection connection, String statement, List<String> failed) {
        try {
            Sql.execute(connection, statement);
        } catch (SQLException e) {
            failed.add(String.valueOf(e.getMessage()));
        }
    }

    /** For a server that is not the one that was dumped from: the other has them already, perhaps changed since. */
    List<String> databaseStatements(Connection connection, String name) throws SQLException {
        var here = Sql.value(connection, "SELECT system_identifier FROM pg_control_system()");
        return here.equals(systemIdentifier)
                ? List.of()
                : database.stream()
                        .map(statement -> statement.replace(Sql.name(NAME), Sql.name(name)))
                        .toList();
    }
}
