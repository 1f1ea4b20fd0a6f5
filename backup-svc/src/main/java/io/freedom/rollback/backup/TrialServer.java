package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.ExecResult;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.sql.TableCounts;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A throwaway PostgreSQL of the image of a platform's own server, without network. Closing removes it and its data. */
final class TrialServer implements AutoCloseable {
    static final String PATIENT = "-c statement_timeout=0 -c lock_timeout=0";
    private static final Logger LOG = LoggerFactory.getLogger(TrialServer.class);
    private static final Duration BRIEF = Duration.ofMinutes(2);
    /** With the lowest share of a busy processor. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final int LINES = 5;
    /** In one statement: the arguments of a program have a limit of 128 KiB each. */
    private static final int TABLES_AT_ONCE = 200;

    private static final int ROLES_AT_ONCE = 500;

    private static final Pattern MAJOR = Pattern.compile("(\\d+(\\.\\d+)?)");

    /** What is lost with it needs not survive a crash; and it is to take little room for its log. */
    private static final List<String> ARGUMENTS = List.of(
            "postgres",
            "-cfsync=off",
            "-cfull_page_writes=off",
            "-cwal_level=minimal",
            "-cmax_wal_senders=0",
            "-cmax_wal_size=256MB",
            "-cautovacuum=off",
            "-cmax_parallel_maintenance_workers=0",
            "-clisten_addresses=127.0.0.1");

    /** Where what is recovered is: in the container itself, which goes with it. */
    private static final String RECOVERED = "/var/lib/rollback-recovered";

    private static final String ENDED_EARLY = "recovery ended before configured recovery target was reached";
    private static final int MANY_LINES = 12;
    private static final int ALL_LINES = 10_000;

    /** What the platform's own configuration says about the outside world does not hold here. */
    private static final List<String> RECOVERY = List.of(
            "postgres",
            "-cfsync=off",
            "-cautovacuum=off",
            "-cssl=off",
            "-carchive_mode=off",
            "-carchive_command=",
            "-cprimary_conninfo=",
            "-csynchronous_standby_names=",
            "-clogging_collector=off",
            "-clog_destination=stderr",
            "-clisten_addresses=127.0.0.1",
            "-cport=5432",
            "-cunix_socket_directories=/var/run/postgresql",
            "-cshared_buffers=128MB",
            "-chuge_pages=off",
            "-chba_file=" + RECOVERED + "/" + RecoveredCluster.ACCESS,
            // Nobody reads it before it is where it should be; so its limits need not be those of the platform's
            // server.
            "-chot_standby=off",
            // What a recovery before has left in the platform's configuration, and what begins by itself after this
            // one.
            "-crecovery_target=",
            "-crecovery_target_name=",
            "-crecovery_target_xid=",
            "-crecovery_target_lsn=",
            "-crecovery_target_time=",
            "-crecovery_target_timeline=latest",
            "-crecovery_target_inclusive=on",
            "-crecovery_min_apply_delay=0",
            "-crecovery_end_command=",
            "-carchive_cleanup_command=",
            "-cdefault_transaction_read_only=on",
            "-clc_messages=C", // It is read.
            WalFeed.SETTING,
            "-crecovery_target_action=promote");

    private final Engine engine;
    private final String container;
    private final String user;
    private final Map<String, String> environment;
    private final StepContext step;

    private TrialServer(Engine engine, String container, String user, String password, StepContext step) {
        this.engine = engine;
        this.container = container;
        this.user = user;
        // Messages are read; and what the platform has set of its own is no limit to us.
        environment = Map.of("LC_ALL", "C", "PGPASSWORD", password, "PGOPTIONS", PATIENT);
        this.step = step;
    }

    /**
     * @param image id of the image of the platform's server
     * @param user superuser that it gets
     * @param initArguments of {@code initdb}, as the platform's server had them; empty for none
     * @param purpose of the throwaway server: there is one of each at a time
     */
    static TrialServer start(
            Engine engine, String image, String user, String initArguments, String purpose, StepContext step)
            throws StepFailure, InterruptedException {
        var password = UUID.randomUUID().toString();
        var environment = Map.of(
                "POSTGRES_USER",
                user,
                "POSTGRES_PASSWORD",
                password,
                "POSTGRES_DB",
                "postgres",
                "POSTGRES_HOST_AUTH_METHOD",
                "trust",
                "POSTGRES_INITDB_ARGS",
                initArguments);
        var left = Duration.between(Instant.now(), step.deadline()).plusMinutes(1);
        step.checkpoint();
        var id = engine.startBeside(image, environment, ARGUMENTS, purpose, left);
        var server = new TrialServer(engine, id, user, password, step);
        try {
            server.awaitReady();
            return server;
        } catch (StepFailure | InterruptedException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /**
     * One that is recovered from base backups to a moment, and has what the platform's server had then.
     *
     * @param wal that follows the last base backup
     * @param target settings that say where recovery stops; empty for where the WAL does
     */
    static TrialServer recover(
            Engine engine,
            String image,
            String user,
            RecoveredCluster cluster,
            WalFeed wal,
            List<String> target,
            String purpose,
            StepContext step)
            throws StepFailure, InterruptedException {
        var arguments = new ArrayList<>(RECOVERY);
        arguments.addAll(target);
        // The entry point leaves alone what holds a cluster, but asks for a password all the same.
        var environment = Map.of(
                "PGDATA", RECOVERED, "POSTGRES_PASSWORD", UUID.randomUUID().toString());
        var left = Duration.between(Instant.now(), step.deadline()).plusMinutes(1);
        step.checkpoint();
        var combining = cluster.combining(RECOVERED);
        var id = engine.startBeside(image, environment, arguments, purpose, left, combining, container -> {
            cluster.fill(engine, container, RECOVERED);
            wal.begin(engine, container);
        });
        var server = new TrialServer(engine, id, user, "", step);
        try {
            server.awaitRecovered(cluster, wal);
            return server;
        } catch (StepFailure | InterruptedException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** It answers once all of the WAL up to the moment is replayed. */
    private void awaitRecovered(RecoveredCluster cluster, WalFeed wal) throws StepFailure, InterruptedException {
        while (true) {
            step.checkpoint();
            step.progress(wal.given(), wal.segments(), "segments", "replaying WAL in a throwaway server");
            if (!isRunning()) {
                throw notRecovered(cluster, wal);
            }
            try {
                wal.goOn(engine, container);
                if (answers()) {
                    return;
                }
            } catch (StepFailure e) {
                if (isRunning()) {
                    throw e;
                }
            }
            Thread.sleep(PAUSE);
        }
    }

    private StepFailure notRecovered(RecoveredCluster cluster, WalFeed wal) throws StepFailure, InterruptedException {
        requireRoom();
        if (wal.unusable().isPresent()) {
            return wal.unusable().get();
        }
        var said = String.join(" / ", engine.lastLogs(container, MANY_LINES));
        if (said.contains(RecoveredCluster.NOT_COMBINED)) {
            return cluster.notCombined(said);
        }
        return said.contains(ENDED_EARLY)
                ? new StepFailure(
                        FailureKind.MISMATCH,
                        "the WAL archive is damaged: its replay ends before that moment, though all until then was archived. It says: "
                                + said)
                : new StepFailure(
                        FailureKind.PRECONDITION,
                        "a throwaway server could not be recovered from the WAL archive. It says: " + said);
    }

    private boolean isRunning() throws StepFailure, InterruptedException {
        var details = engine.details(container);
        return details.isPresent() && details.get().state().equals("running");
    }

    private boolean answers() throws StepFailure, InterruptedException {
        return engine.exec(container, List.of("pg_isready", "--quiet", "--host=127.0.0.1"), Map.of(), BRIEF)
                .succeeded();
    }

    /** A file that does not fit is one that is missing, for the server. */
    void requireRoom() throws StepFailure, InterruptedException {
        if (engine.lastLogs(container, ALL_LINES).stream().anyMatch(line -> line.contains("No space left on device"))) {
            throw new StepFailure(
                    FailureKind.PRECONDITION, "the engine's disk is full: free space; nothing was derived");
        }
    }

    String container() {
        return container;
    }

    String user() {
        return user;
    }

    /** The same as somebody who may read all of it; whoever is inside is let in. Not to be closed. */
    TrialServer asSuperuser() throws StepFailure, InterruptedException {
        var name =
                value("postgres", "SELECT rolname FROM pg_roles WHERE rolsuper AND rolcanlogin ORDER BY oid LIMIT 1");
        return name.isEmpty() ? this : new TrialServer(engine, container, name, "", step);
    }

    boolean has(String program) throws StepFailure, InterruptedException {
        return engine.exec(container, List.of("sh", "-c", "command -v " + program), Map.of(), BRIEF)
                .succeeded();
    }

    /** Runs a program that may take long; how it ends, its caller judges. */
    ExecResult tried(List<String> argv, Map<String, String> more, String note)
            throws StepFailure, InterruptedException {
        var all = new HashMap<>(environment);
        all.putAll(more);
        step.progress(0, 0, "bytes", note);
        try (var work = Background.start(() -> engine.exec(container, argv, all, left()))) {
            return work.await(() -> {
                step.checkpoint();
                step.progress(0, 0, "bytes", note);
            });
        }
    }

    /** Of the tools that are run in it. */
    Map<String, String> environment() {
        return environment;
    }

    /** First column of the first row; empty where that is null. */
    String value(String database, String sql) throws StepFailure, InterruptedException {
        return psql(database, sql).strip();
    }

    /** Rows of text columns; a null stays null. */
    List<List<@Nullable String>> rows(String database, String sql) throws StepFailure, InterruptedException {
        var rows = new ArrayList<List<@Nullable String>>();
        var arrays =
                "SELECT (SELECT json_agg(e.value) FROM json_each(row_to_json(q)) e)::text FROM (" + sql.strip() + ") q";
        for (var row : records(psql(database, arrays))) {
            try {
                rows.add(Json.nullable(row));
            } catch (IOException e) {
                throw new StepFailure(FailureKind.TOOL, "psql in the throwaway server answers no rows: " + row, e);
            }
        }
        return rows;
    }

    /** First columns of all rows. */
    List<String> values(String database, String sql) throws StepFailure, InterruptedException {
        return records(psql(database, sql));
    }

    /** The entry point first starts it without TCP, to make what is asked for: it is ready when TCP answers. */
    private void awaitReady() throws StepFailure, InterruptedException {
        var end = Instant.now().plus(PATIENCE);
        while (Instant.now().isBefore(end)) {
            step.checkpoint();
            step.progress(0, 0, "databases", "starting a throwaway server");
            if (!isRunning()) {
                break;
            }
            if (answers()) {
                return;
            }
            Thread.sleep(PAUSE);
        }
        throw new StepFailure(
                FailureKind.PRECONDITION,
                "a throwaway server of the database's image did not start; set `backups.prove: never` where its image cannot run"
                        + " by itself. It says: " + String.join(" / ", engine.lastLogs(container, LINES)));
    }

    /** E.g. "15.18". */
    String version() throws StepFailure, InterruptedException {
        var answer = psql("postgres", "SHOW server_version").strip();
        var version = MAJOR.matcher(answer);
        return version.find() ? version.group() : answer;
    }

    /** Bytes that are free where its data are. */
    long free() throws StepFailure, InterruptedException {
        var directory = psql("postgres", "SHOW data_directory").strip();
        var words = run(List.of("df", "-Pk", directory))
                .stdout()
                .strip()
                .lines()
                .toList()
                .getLast()
                .split("\\s+", -1);
        if (words.length < 4 || !words[3].matches("\\d+")) {
            throw new StepFailure(
                    FailureKind.TOOL,
                    "df in the throwaway server does not say how much is free: " + String.join(" ", words));
        }
        return Long.parseLong(words[3]) * 1024;
    }

    /** What owns something or has rights to it must be there; with no password, so that nobody is let in. */
    void createRoles(List<String> roles) throws StepFailure, InterruptedException {
        var others = roles.stream().filter(role -> !role.equals(user)).toList();
        for (int i = 0; i < others.size(); i += ROLES_AT_ONCE) {
            step.checkpoint();
            // Some things only superusers may own.
            psql(
                    "postgres",
                    others.subList(i, Math.min(others.size(), i + ROLES_AT_ONCE)).stream()
                            .map(role -> "CREATE ROLE " + Sql.name(role) + " SUPERUSER")
                            .collect(Collectors.joining("; ")));
        }
    }

    void restore(String database, ComparedDump dump) throws StepFailure, InterruptedException {
        var folder = ContainerFolder.create(engine, container, "rollback-trial").path();
        step.progress(0, 0, "bytes", "copying the dump into the throwaway server");
        var copy = dump.copyInto(engine, container, folder);
        step.checkpoint();
        boolean maintenance = database.equals("postgres");
        var argv = new ArrayList<>(List.of(
                "pg_restore",
                "--exit-on-error",
                "--no-tablespaces",
                "--no-password",
                "--username=" + user,
                "--dbname=postgres"));
        if (!maintenance) {
            argv.add("--create");
        }
        argv.add(copy);
        try (var restore = Background.start(() -> engine.exec(container, argv, environment, left()))) {
            var result = restore.await(() -> {
                step.checkpoint();
                step.progress(0, 0, "bytes", "restoring into the throwaway server");
            });
            if (!result.succeeded()) {
                throw refused(result);
            }
        }
    }

    private static StepFailure refused(ExecResult result) {
        var failure = PostgresTools.failure("pg_restore", result);
        return PostgresTools.blamesTheDump(failure)
                ? new StepFailure(FailureKind.MISMATCH, "it cannot be restored: " + failure.text())
                : new StepFailure(
                        failure.kind(), "whether it can be restored is not known, the trial failed: " + failure.text());
    }

    /** Exact rows of each table. */
    List<TableRows> count(String database) throws StepFailure, InterruptedException {
        var statements = records(psql(database, TableCounts.STATEMENTS));
        var tables = new ArrayList<TableRows>();
        for (int i = 0; i < statements.size(); i += TABLES_AT_ONCE) {
            step.checkpoint();
            step.progress(i, statements.size(), "tables", "counting rows in the throwaway server");
            var some = statements.subList(i, Math.min(statements.size(), i + TABLES_AT_ONCE));
            for (var row : records(psql(database, String.join(" UNION ALL ", some)))) {
                tables.add(table(row));
            }
        }
        return tables;
    }

    /** Of each table. */
    List<Constraints> constraints(String database) throws StepFailure, InterruptedException {
        try {
            return Constraints.of(sql -> rows(database, sql));
        } catch (SQLException e) {
            throw new StepFailure(
                    FailureKind.TOOL, "the throwaway server's constraints cannot be read: " + e.getMessage(), e);
        }
    }

    private static TableRows table(String row) throws StepFailure {
        try {
            var fields = Json.array(row);
            return new TableRows(fields.getFirst(), fields.get(1), Long.parseLong(fields.get(2)));
        } catch (IOException | RuntimeException e) {
            throw new StepFailure(FailureKind.TOOL, "psql in the throwaway server counts no rows: " + row, e);
        }
    }

    /** A name may hold line breaks. */
    private static List<String> records(String answer) {
        return List.of(answer.split("\0")).stream()
                .filter(record -> !record.isBlank())
                .toList();
    }

    private String psql(String database, String sql) throws StepFailure, InterruptedException {
        return run(List.of(
                        "psql",
                        "--no-psqlrc",
                        "--tuples-only",
                        "--no-align",
                        "--record-separator-zero",
                        "--username=" + user,
                        "--dbname=" + PostgresTools.connection(database),
                        "--command=" + sql))
                .stdout()
                .replaceFirst("\0$", "");
    }

    private ExecResult run(List<String> argv) throws StepFailure, InterruptedException {
        var result = engine.exec(container, argv, environment, left());
        if (result.truncated()) {
            throw new StepFailure(
                    FailureKind.TOOL, argv.getFirst() + " in the throwaway server says too much to be read");
        }
        if (!result.succeeded()) {
            throw PostgresTools.failure(argv.getFirst(), result);
        }
        return result;
    }

    private Duration left() {
        var left = Duration.between(Instant.now(), step.deadline());
        return left.isNegative() ? Duration.ZERO : left;
    }

    @Override
    public void close() {
        // The interrupt that may have ended the step must not keep us from cleaning up.
        boolean interrupted = Thread.interrupted();
        try {
            engine.removeWithVolumes(container);
        } catch (StepFailure e) {
            LOG.warn("the throwaway server {} stays until the next trial: {}", container, e.text());
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
