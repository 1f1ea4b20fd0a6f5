package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepFailure;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What belongs to a database but is not in its dump: owner, locale, settings, rights, comment. */
final class DatabaseProperties {
    /** Settings whose value is a list of quoted names (GUC_LIST_QUOTE in PostgreSQL's source). */
    private static final Set<String> LISTS = Set.of(
            "search_path",
            "temp_tablespaces",
            "local_preload_libraries",
            "session_preload_libraries",
            "shared_preload_libraries",
            "unix_socket_directories");

    private static final String SPACE = " \t\n\r\f\u000B";

    private final Connection connection;
    private final String database;

    DatabaseProperties(Connection connection, String database) {
        this.connection = connection;
        this.database = database;
    }

    /** CREATE DATABASE for an empty database that sorts, compares and encodes like this one, in the same place. */
    String createAs(String name) throws SQLException, StepFailure, InterruptedException {
        Globals.Query query = sql -> Sql.rows(connection, sql);
        return create(query, database, name) + " TABLESPACE " + Sql.name(tablespace(query, database));
    }

    /** Without the tablespace. */
    static String create(Globals.Query query, String database, String name)
            throws SQLException, StepFailure, InterruptedException {
        var d = columns(query, database);
        var sql = new StringBuilder("CREATE DATABASE " + Sql.name(name) + " TEMPLATE template0");
        sql.append(" OWNER ").append(Sql.name(required(d, "owner")));
        sql.append(" ENCODING ").append(Sql.literal(required(d, "encoding_name")));
        sql.append(" LC_COLLATE ").append(Sql.literal(required(d, "datcollate")));
        sql.append(" LC_CTYPE ").append(Sql.literal(required(d, "datctype")));
        // The provider came with 15; the column of its locale was renamed in 17.
        var locale = d.getOrDefault("datlocale", d.get("daticulocale"));
        switch (String.valueOf(d.get("datlocprovider"))) {
            case "i" -> {
                sql.append(" LOCALE_PROVIDER icu ICU_LOCALE ").append(Sql.literal(String.valueOf(locale)));
                var rules = d.get("daticurules");
                sql.append(rules == null ? "" : " ICU_RULES " + Sql.literal(rules));
            }
            case "b" ->
                sql.append(" LOCALE_PROVIDER builtin BUILTIN_LOCALE ").append(Sql.literal(String.valueOf(locale)));
            case "c" -> sql.append(" LOCALE_PROVIDER libc");
            default -> {} // before 15
        }
        sql.append(" CONNECTION LIMIT ").append(required(d, "datconnlimit"));
        return sql.toString();
    }

    static String tablespace(Globals.Query query, String database)
            throws SQLException, StepFailure, InterruptedException {
        return required(columns(query, database), "tablespace");
    }

    /** Statements that give another database the settings, rights and comment of this one. */
    List<String> applyTo(String name) throws SQLException, StepFailure, InterruptedException {
        return statements(sql -> Sql.rows(connection, sql), database, name);
    }

    /** @param database whose settings, rights and comment the database {@code name} gets */
    static List<String> statements(Globals.Query query, String database, String name)
            throws SQLException, StepFailure, InterruptedException {
        var statements = new ArrayList<String>();
        for (var row : query.rows("""
                SELECT r.rolname, unnest(s.setconfig) FROM pg_db_role_setting s
                  JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole
                 WHERE d.datname = %s ORDER BY 1 NULLS FIRST, 2
                """.formatted(Sql.literal(database)))) {
            var role = row.getFirst();
            var target = role == null
                    ? "ALTER DATABASE " + Sql.name(name)
                    : "ALTER ROLE " + Sql.name(role) + " IN DATABASE " + Sql.name(name);
            statements.add(setting(target, String.valueOf(row.get(1))));
        }
        statements.addAll(rights(query, database, name));
        for (var row : query.rows("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = "
                + Sql.literal(database))) {
            var comment = row.getFirst();
            if (comment != null) {
                statements.add("COMMENT ON DATABASE " + Sql.name(name) + " IS " + Sql.literal(comment));
            }
        }
        return statements;
    }

    private static List<String> rights(Globals.Query query, String database, String name)
            throws SQLException, StepFailure, InterruptedException {
        var on = " ON DATABASE " + Sql.name(name);
        var statements = new ArrayList<String>();
        for (var row : query.rows("""
                SELECT r.rolname, a.grantee::text, a.privilege_type, a.is_grantable::text, o.rolname
                  FROM pg_database d JOIN pg_roles o ON o.oid = d.datdba, aclexplode(d.datacl) a
                  LEFT JOIN pg_roles r ON r.oid = a.grantee
                 WHERE d.datname = %s ORDER BY 1 NULLS FIRST, 3
                """.formatted(Sql.literal(database)))) {
            if (statements.isEmpty()) {
                // Rights that were given up must not come back as defaults.
                statements.add("REVOKE ALL" + on + " FROM PUBLIC, " + Sql.name(String.valueOf(row.get(4))));
            }
            var role = row.getFirst();
            var grantee = "0".equals(row.get(1)) ? "PUBLIC" : Sql.name(String.valueOf(role));
            statements.add("GRANT " + row.get(2) + on + " TO " + grantee
                    + ("true".equals(row.get(3)) ? " WITH GRANT OPTION" : ""));
        }
        return statements;
    }

    /** @param target "ALTER DATABASE x" or "ALTER ROLE x" */
    static String setting(String target, String setting) {
        int equals = setting.indexOf('=');
        var parameter = setting.substring(0, equals);
        var value = setting.substring(equals + 1);
        // A parameter of an extension has a dot between two names.
        var quoted = String.join(
                ".", List.of(parameter.split("\\.", -1)).stream().map(Sql::name).toList());
        return target + " SET " + quoted + " TO " + (LISTS.contains(parameter) ? list(value) : Sql.literal(value));
    }

    /** By hand: any role may set one of a megabyte, on which a regular expression runs out of stack, or of time. */
    private static String list(String value) {
        var elements = new ArrayList<String>();
        for (int at = 0; at < value.length(); ) {
            var element = new StringBuilder();
            boolean quoted = false;
            for (; at < value.length() && (quoted || value.charAt(at) != ','); at++) {
                char c = value.charAt(at);
                if (c != '"') {
                    element.append(quoted || SPACE.indexOf(c) < 0 ? String.valueOf(c) : "");
                } else if (quoted && at + 1 < value.length() && value.charAt(at + 1) == '"') {
                    element.append(c);
                    at++;
                } else {
                    quoted = !quoted;
                }
            }
            at++; // the comma
            elements.add(Sql.literal(element.toString()));
        }
        return elements.isEmpty() ? Sql.literal("") : String.join(", ", elements);
    }

    private static Map<String, String> columns(Globals.Query query, String database)
            throws SQLException, StepFailure, InterruptedException {
        var columns = new HashMap<String, String>();
        for (var row : query.rows("""
                SELECT e.key, e.value
                  FROM (SELECT d.*, pg_encoding_to_char(d.encoding) AS encoding_name, r.rolname AS owner,
                               t.spcname AS tablespace
                          FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
                          JOIN pg_tablespace t ON t.oid = d.dattablespace
                         WHERE d.datname = %s) q,
                       jsonb_each_text(to_jsonb(q)) e
                 WHERE e.value IS NOT NULL
                """.formatted(Sql.literal(database)))) {
            columns.put(String.valueOf(row.getFirst()), String.valueOf(row.get(1)));
        }
        return columns;
    }

    private static String required(Map<String, String> columns, String name) throws SQLException {
        var value = columns.get(name);
        if (value == null) {
            throw new SQLException("pg_database has no " + name + " of the database", "02000");
        }
        return value;
    }
}
