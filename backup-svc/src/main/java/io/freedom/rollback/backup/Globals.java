package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a database needs of its server, and what belongs to it but is in no dump: kept beside the dump, for a server that is new.
 *
 * @param systemIdentifier of the server's data directory; another one has roles and settings of its own
 * @param roles all of the server's, PostgreSQL's own left out
 * @param memberships of roles in others
 * @param database statements that give a database called {@link #NAME} the owner, settings, rights and comment; of releases that knew of one
 *     database alone
 * @param databases what it is instead since; null before
 */
record Globals(
        String systemIdentifier,
        List<Role> roles,
        List<Membership> memberships,
        List<String> database,
        @Nullable List<Described> databases) {
    /** In place of a database's name. */
    private static final String NAME = "the restored database\u0001";

    static final String FILE = "globals.json";

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

    /** Options that a version does not have are null. */
    private static final String MEMBERSHIPS = """
            SELECT m.rolname, r.rolname, a.admin_option::text,
                   to_jsonb(a) ->> 'inherit_option', to_jsonb(a) ->> 'set_option'
              FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
             WHERE m.rolname !~ '^pg_' ORDER BY 1, 2, 3, 4, 5
            """;

    private static final String OWNER =
            "SELECT r.rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = %s";

    private static final String SETTINGS = """
            SELECT r.rolname, unnest(s.setconfig) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
             WHERE s.setdatabase = 0 AND r.rolname !~ '^pg_' ORDER BY 1, 2
            """;

    Globals {
        roles = List.copyOf(roles);
        memberships = List.copyOf(memberships);
        database = List.copyOf(database);
        databases = databases == null ? null : List.copyOf(databases);
    }

    /**
     * A database, for a server that does not have it.
     *
     * @param create statement that makes it empty, called {@link #NAME}
     * @param tablespace where it was
     * @param statements that give one of that name the owner, settings, rights and comment
     */
    record Described(String name, String create, String tablespace, List<String> statements) {
        Described {
            statements = List.copyOf(statements);
        }
    }

    /**
     * A role.
     *
     * @param create statement
     * @param settings statements
     */
    record Role(String name, String create, List<String> settings) {
        Role {
            settings = List.copyOf(settings);
        }
    }

    /**
     * Of a role in another.
     *
     * @param grant statement
     */
    record Membership(String member, String role, String grant) {}

    /** Asks a server, by whatever connection there is. Columns are texts. */
    interface Query {
        List<List<@Nullable String>> rows(String sql) throws SQLException, StepFailure, InterruptedException;
    }

    /**
     * @param query of any database of the server
     * @param databases names of those that are dumped
     */
    static Globals of(Query query, List<String> databases) throws SQLException, StepFailure, InterruptedException {
        boolean passwords = "true".equals(first(query.rows(MAY_READ_PASSWORDS)));
        var creates = new LinkedHashMap<String, String>();
        var sql = passwords ? ROLES.formatted("rolpassword", "pg_authid") : ROLES.formatted("NULL::text", "pg_roles");
        for (var row : query.rows(sql)) {
            var name = String.valueOf(row.getFirst());
            creates.put(name, "CREATE ROLE " + Sql.name(name) + " " + row.get(1));
        }
        var settings = new LinkedHashMap<String, List<String>>();
        for (var row : query.rows(SETTINGS)) {
            var name = String.valueOf(row.getFirst());
            settings.computeIfAbsent(name, _ -> new ArrayList<>())
                    .add(DatabaseProperties.setting("ALTER ROLE " + Sql.name(name), String.valueOf(row.get(1))));
        }
        var roles = creates.entrySet().stream()
                .map(role -> new Role(role.getKey(), role.getValue(), settings.getOrDefault(role.getKey(), List.of())))
                .toList();
        var memberships = new ArrayList<Membership>();
        for (var row : query.rows(MEMBERSHIPS)) {
            memberships.add(membership(row));
        }
        var described = new ArrayList<Described>();
        for (var database : databases) {
            described.add(described(query, database));
        }
        return new Globals(
                first(query.rows("SELECT system_identifier::text FROM pg_control_system()")),
                roles,
                memberships,
                List.of(),
                described);
    }

    private static Described described(Query query, String database)
            throws SQLException, StepFailure, InterruptedException {
        var statements = new ArrayList<String>();
        for (var row : query.rows(OWNER.formatted(Sql.literal(database)))) {
            statements.add(
                    "ALTER DATABASE " + Sql.name(NAME) + " OWNER TO " + Sql.name(String.valueOf(row.getFirst())));
        }
        statements.addAll(DatabaseProperties.statements(query, database, NAME));
        return new Described(
                database,
                DatabaseProperties.create(query, database, NAME),
                DatabaseProperties.tablespace(query, database),
                statements);
    }

    private Optional<Described> described(String database) {
        return databases == null
                ? Optional.empty()
                : databases.stream().filter(it -> it.name().equals(database)).findFirst();
    }

    private List<String> statements(String database, String name) {
        var statements = databases == null
                ? this.database
                : described(database).map(Described::statements).orElse(List.of());
        return statements.stream()
                .map(statement -> statement.replace(Sql.name(NAME), Sql.name(name)))
                .toList();
    }

    /** Statement that makes an empty database as one was; empty where that is not known. */
    Optional<String> create(Connection connection, String database, String name) throws SQLException {
        var described = described(database);
        if (described.isEmpty()) {
            return Optional.empty();
        }
        var tablespace = described.get().tablespace();
        boolean isThere =
                Sql.holds(connection, "SELECT EXISTS (SELECT FROM pg_tablespace WHERE spcname = ?)", tablespace);
        return Optional.of(described.get().create().replace(Sql.name(NAME), Sql.name(name))
                + (isThere ? " TABLESPACE " + Sql.name(tablespace) : ""));
    }

    private static Membership membership(List<@Nullable String> row) {
        var member = String.valueOf(row.getFirst());
        var role = String.valueOf(row.get(1));
        var options = row.get(3) == null || row.get(4) == null
                ? "true".equals(row.get(2)) ? " WITH ADMIN OPTION" : ""
                : " WITH ADMIN " + row.get(2) + ", INHERIT " + row.get(3) + ", SET " + row.get(4);
        return new Membership(member, role, "GRANT " + Sql.name(role) + " TO " + Sql.name(member) + options);
    }

    private static String first(List<List<@Nullable String>> rows) {
        return String.valueOf(rows.getFirst().getFirst());
    }

    void write(RestorePoint point, Vault vault) throws IOException {
        var file = vault.sealed(point.globals(), false);
        try (var staging = Staging.beside(file)) {
            try (var out = vault.create(staging.path())) {
                out.write(Json.text(this).getBytes(StandardCharsets.UTF_8));
            }
            staging.publish();
        }
    }

    /** All of it, for {@code psql}. */
    String script(List<String> names) {
        var script = new StringBuilder();
        for (var role : roles) {
            script.append(role.create()).append(";\n");
            role.settings().forEach(setting -> script.append(setting).append(";\n"));
        }
        memberships.forEach(membership -> script.append(membership.grant()).append(";\n"));
        for (var name : names) {
            statements(name, name).forEach(statement -> script.append(statement).append(";\n"));
        }
        return script.toString();
    }

    /**
     * What is read is what was compared with the manifest: whoever knows the public key of the backups can write a file that is encrypted for it. Empty
     * where a release took it that did not know of them.
     */
    static Optional<Globals> read(RestorePoint point, Manifest manifest, Vault vault) throws IOException, StepFailure {
        var kept = manifest.below(point.directory().relativize(point.globals()).toString());
        // Of format 1 it is outside of files/.
        var entries = kept.isEmpty() ? manifest.below(FILE) : kept;
        if (entries.isEmpty()) {
            return Optional.empty();
        }
        var entry = entries.getFirst();
        var file = point.directory().resolve(entry.path());
        var packed = bytes(file);
        if (!Sha256.of(packed).equals(entry.sha256())) {
            throw new StepFailure(
                    FailureKind.MISMATCH, ManifestCheck.told(point, entry.path() + " was changed while it was read"));
        }
        try (var in = vault.open(new ByteArrayInputStream(packed), file)) {
            var text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Optional.of(Json.parse(text, file, Globals.class));
        }
    }

    private static byte[] bytes(Path file) throws IOException {
        try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            return in.readAllBytes();
        }
    }

    /**
     * Makes the roles that the server lacks; those that it has stay as they are. On a server that is new they are as they were. On the one that was
     * dumped somebody has removed them since: there they own what is restored, and let nobody in.
     *
     * @return what was done, and what could not be; empty for nothing
     */
    String createMissing(Connection connection, StepContext step) throws SQLException {
        var present = Sql.rows(connection, "SELECT rolname FROM pg_roles").stream()
                .map(List::getFirst)
                .toList();
        var missing =
                roles.stream().filter(role -> !present.contains(role.name())).toList();
        if (missing.isEmpty()) {
            return "";
        }
        boolean removed = isOf(connection);
        var names = missing.stream().map(Role::name).toList();
        var statements = new ArrayList<String>();
        missing.forEach(
                role -> statements.add(removed ? "CREATE ROLE " + Sql.name(role.name()) + " NOLOGIN" : role.create()));
        if (!removed) {
            memberships.stream()
                    .filter(it -> names.contains(it.member()) || names.contains(it.role()))
                    .forEach(it -> statements.add(it.grant()));
            missing.forEach(role -> statements.addAll(role.settings()));
        }
        var failed = run(connection, statements, step);
        return (removed ? "made without login, as they were removed since: " : "created roles that the server lacked: ")
                + String.join(", ", names)
                + (failed.isEmpty() ? "" : " (not all of it: " + failed + ")");
    }

    /**
     * Gives a restored database its owner, settings, rights and comment. Those of a database that the server which was dumped still has are the
     * live one's, perhaps changed since.
     *
     * @param database that it is restored from
     * @param name what it is called meanwhile
     * @param replaces whether there is a live one
     * @return what could not be done; empty for nothing
     */
    String applyTo(Connection connection, String database, String name, boolean replaces, StepContext step)
            throws SQLException {
        return replaces && isOf(connection) ? "" : run(connection, statements(database, name), step);
    }

    private boolean isOf(Connection connection) throws SQLException {
        return Sql.value(connection, "SELECT system_identifier FROM pg_control_system()")
                .equals(systemIdentifier);
    }

    /** None of it is worth a restore that does not come to its end; pg_restore knows what it cannot do without. */
    private static String run(Connection connection, List<String> statements, StepContext step) {
        var failed = new ArrayList<String>();
        for (var statement : statements) {
            step.checkpoint();
            try {
                Sql.execute(connection, statement);
            } catch (SQLException e) {
                // What the server says may quote the statement, with the hash of a password.
                var what = statement.replaceFirst(" PASSWORD .*", "");
                failed.add(what + ": " + e.getSQLState());
            }
        }
        return String.join("; ", failed);
    }
}
