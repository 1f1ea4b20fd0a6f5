package io.freedom.rollback.backup;

import static org.awaitility.Awaitility.await;

import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.worker.Command;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A real PostgreSQL in a container that looks as if compose had started it. */
final class PostgresContainer implements AutoCloseable {
    static final String PASSWORD = "only-for-tests";
    private static final String IMAGE = "rollback-local/postgres:";
    private static final String USER = "freedom";
    static final String SERVICE = "postgres";

    private final String project = "rollback-test-" + UUID.randomUUID();
    private final String id;
    private String address;

    /** @param options of `docker run` */
    PostgresContainer(String... options) throws Exception {
        this(15, options);
    }

    PostgresContainer(int version, String... options) throws Exception {
        var run = new ArrayList<>(List.of(
                "run",
                "--detach",
                "--label=com.docker.compose.project=" + project,
                "--label=com.docker.compose.service=" + SERVICE,
                "--label=com.docker.compose.oneoff=False",
                "--env=POSTGRES_USER=" + USER,
                "--env=POSTGRES_PASSWORD=" + PASSWORD,
                "--publish=127.0.0.1::5432"));
        run.addAll(List.of(options));
        run.add(IMAGE + version);
        id = docker(run.toArray(String[]::new));
        address = address();
        awaitAnswer();
    }

    /** Its port is another one then. */
    void restart() throws Exception {
        docker("restart", id);
        address = address();
        awaitAnswer();
    }

    /** After it was killed. Its port is another one then. */
    void start() throws Exception {
        docker("start", id);
        address = address();
        awaitAnswer();
    }

    private String address() throws Exception {
        return docker("port", id, "5432/tcp").lines().findFirst().orElseThrow();
    }

    private void awaitAnswer() {
        await().atMost(Duration.ofMinutes(1)).ignoreExceptions().until(() -> {
            try (var connection = connect("postgres")) {
                return connection.isValid(1);
            }
        });
    }

    static String docker(String... arguments) throws Exception {
        var argv = new ArrayList<>(List.of("docker"));
        argv.addAll(List.of(arguments));
        return Command.in(Path.of("/"), argv).check().stdout().strip();
    }

    ComposeProject compose() {
        return new ComposeProject(project, "/", List.of("docker-compose.yml"), null, null, null);
    }

    String exec(String... argv) throws Exception {
        var all = new ArrayList<>(List.of("exec", id));
        all.addAll(List.of(argv));
        return docker(all.toArray(String[]::new));
    }

    /** Copies what is in a folder of this machine. */
    void copyIn(Path folder, String into) throws Exception {
        docker("cp", folder + "/.", id + ":" + into);
    }

    Database database(String name) {
        return new Database(SERVICE, name, USER, url(name), "${env:PG_PASSWORD}", List.of());
    }

    private String url(String name) {
        return "jdbc:postgresql://" + address + "/" + URLEncoder.encode(name, StandardCharsets.UTF_8);
    }

    Connection connect(String name) throws SQLException {
        return DriverManager.getConnection(url(name), USER, PASSWORD);
    }

    void sql(String database, String... statements) throws SQLException {
        try (var connection = connect(database)) {
            for (var statement : statements) {
                Sql.execute(connection, statement);
            }
        }
    }

    String value(String database, String sql) throws SQLException {
        try (var connection = connect(database)) {
            return Sql.value(connection, sql);
        }
    }

    /** Private folders of ours in it. */
    String folders() throws Exception {
        return exec("find", "/tmp", "/var/tmp", "-maxdepth", "1", "-name", "rollback-*");
    }

    /** Sessions of our tools. */
    long sessions() throws SQLException {
        return Long.parseLong(
                value("postgres", "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'rollback-%'"));
    }

    List<String> databases() throws SQLException {
        try (var connection = connect("postgres")) {
            return Sql.rows(connection, "SELECT datname FROM pg_database WHERE NOT datistemplate").stream()
                    .map(row -> String.valueOf(row.getFirst()))
                    .toList();
        }
    }

    void kill() throws Exception {
        docker("kill", id);
    }

    boolean isRunning() throws Exception {
        return docker("inspect", "--format", "{{.State.Running}}", id).equals("true");
    }

    /** Name of its only one. */
    String volume() throws Exception {
        return docker("inspect", "--format", "{{(index .Mounts 0).Name}}", id);
    }

    @Override
    public void close() throws Exception {
        docker("rm", "--force", "--volumes", id);
    }
}
