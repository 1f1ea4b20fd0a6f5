package io.freedom.rollback.worker.sql;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Properties;
import java.util.regex.Pattern;

/** Opens connections to a platform's database and says what its errors mean. */
public final class JdbcConnections {
    /** Sessions of the workers are told by it in pg_stat_activity. */
    public static final String APPLICATION_NAME = "rollback";

    private static final Duration LOGIN = Duration.ofSeconds(10);
    private static final Pattern URL = Pattern.compile("(jdbc:postgresql:)(//[^/?]*)?/?([^?]*)(\\?.*)?");

    private JdbcConnections() {}

    /** Connects to the database; the caller closes the connection. Waits 10 s at most. */
    public static Connection open(Database database, StepContext step) throws StepFailure {
        return connect(database, database.getJdbcUrl(), step);
    }

    /** Connects to another database of the same server, with the same role. */
    public static Connection open(Database database, String name, StepContext step) throws StepFailure {
        return open(named(database, name), step);
    }

    /** Another database of the same server, as the same role. */
    public static Database named(Database database, String name) {
        return name.equals(database.getName())
                ? database
                : new Database(
                        database.getService(),
                        name,
                        database.getUser(),
                        urlOf(database, name),
                        database.getPassword(),
                        database.getExcept());
    }

    /** What a database error means for the step, with what to do about it. */
    public static StepFailure failure(Database database, SQLException e) {
        var state = Objects.requireNonNullElse(e.getSQLState(), "");
        var where = database.getName() + " at " + withoutParameters(database.getJdbcUrl());
        var said = Objects.requireNonNullElse(e.getMessage(), e.toString()).strip();
        if (state.startsWith("08") || state.startsWith("57P") || state.startsWith("53")) {
            return state.equals("53100")
                    ? failure(
                            FailureKind.PRECONDITION,
                            "the disk of PostgreSQL " + where + " is full: free space",
                            said,
                            e)
                    : failure(
                            FailureKind.UNAVAILABLE,
                            "PostgreSQL does not answer: database " + where + ": is the server running and reachable?",
                            said,
                            e);
        }
        if (state.startsWith("28")) {
            return failure(
                    FailureKind.PRECONDITION,
                    "PostgreSQL refuses role " + database.getUser() + " for " + where
                            + ": check the password reference and pg_hba.conf",
                    said,
                    e);
        }
        if (state.equals("3D000")) {
            return failure(FailureKind.PRECONDITION, "there is no database " + where + ": check its name", said, e);
        }
        if (state.equals("42501")) {
            return failure(
                    FailureKind.PRECONDITION,
                    "role " + database.getUser() + " lacks a right in database " + where + ": grant it",
                    said,
                    e);
        }
        return failure(FailureKind.TOOL, "PostgreSQL reports an error for database " + where, said, e);
    }

    private static StepFailure failure(FailureKind kind, String message, String said, SQLException cause) {
        return new StepFailure(kind, message + " (" + said + ")", cause);
    }

    private static Connection connect(Database database, String url, StepContext step) throws StepFailure {
        if (!URL.matcher(url).matches()) {
            throw new StepFailure(
                    FailureKind.INVALID,
                    "not a PostgreSQL JDBC URL: " + withoutParameters(url)
                            + ": write jdbc:postgresql://host:port/name");
        }
        var properties = new Properties();
        properties.setProperty("user", database.getUser());
        var password = database.getPassword();
        if (password != null) {
            properties.setProperty("password", step.secrets().resolve(password));
        }
        properties.setProperty("ApplicationName", APPLICATION_NAME);
        properties.setProperty("loginTimeout", Long.toString(LOGIN.toSeconds()));
        properties.setProperty("connectTimeout", Long.toString(LOGIN.toSeconds()));
        properties.setProperty("socketTimeout", Long.toString(secondsLeft(step)));
        properties.setProperty("tcpKeepAlive", "true");
        try {
            var connection = DriverManager.getConnection(url, properties);
            try {
                bePatient(connection);
                return connection;
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
        } catch (SQLException e) {
            throw failure(database, e);
        }
    }

    /** Limits that a platform sets for its own statements are none of ours: a step has a deadline. */
    private static void bePatient(Connection connection) throws SQLException {
        int version = connection.getMetaData().getDatabaseMajorVersion();
        try (var statement = connection.createStatement()) {
            statement.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0"
                    + (version >= 14 ? "; SET idle_session_timeout = 0" : "")
                    + (version >= 17 ? "; SET transaction_timeout = 0" : ""));
        }
    }

    /** A statement may run as long as the step, so that counting a large table is not cut off, but never for ever. */
    private static long secondsLeft(StepContext step) {
        long left = Duration.between(Instant.now(), step.deadline()).toSeconds() + 1;
        return Math.clamp(left, LOGIN.toSeconds(), Duration.ofDays(1).toSeconds());
    }

    private static String urlOf(Database database, String name) {
        var matcher = URL.matcher(database.getJdbcUrl());
        if (!matcher.matches()) {
            return database.getJdbcUrl();
        }
        var host = Objects.requireNonNullElse(matcher.group(2), "");
        var parameters = Objects.requireNonNullElse(matcher.group(4), "");
        // The driver decodes the name with URLDecoder, so "+" means a blank.
        var encoded = URLEncoder.encode(name, StandardCharsets.UTF_8);
        return matcher.group(1) + (host.isEmpty() ? "" : host + "/") + encoded + parameters;
    }

    private static String withoutParameters(String url) {
        int query = url.indexOf('?');
        return query < 0 ? url : url.substring(0, query);
    }
}
