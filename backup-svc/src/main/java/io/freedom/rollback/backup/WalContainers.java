package io.freedom.rollback.backup;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.Sidecar;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The containers that fetch a platform's WAL and take its base backups: of the image of its own server, so that the tools are the
 * server's, and in the server's network, whose own address it trusts.
 */
final class WalContainers {
    /** The platform. */
    private static final String PLATFORM = "io.freedom.rollback.wal";

    private static final String ROLE = "io.freedom.rollback.wal.role";
    private static final String RUN = "io.freedom.rollback.wal.run";
    private static final String SERVER = "io.freedom.rollback.wal.server";

    private static final String RECEIVER = "receiver";
    private static final String BASE_BACKUP = "base-backup";
    private static final String INSIDE = "/rollback-wal";
    private static final int LINES = 3;

    private final Engine engine;
    private final String platform;
    private final StepContext step;

    WalContainers(Engine engine, String platform, StepContext step) {
        this.engine = engine;
        this.platform = platform;
        this.step = step;
    }

    /** Sees to it that the WAL is being fetched. Returns whether something had to be started for it. */
    boolean receive(EngineContainer server, WalRun run, Database database, WalSource source)
            throws StepFailure, InterruptedException, SQLException, IOException {
        var serves = startedAt(server.id());
        boolean good = false;
        for (var container : of(RECEIVER)) {
            // Once its server has started anew, it has a network that nobody answers in.
            boolean fits = !good
                    && container.isRunning()
                    && run.about().id().equals(container.labels().get(RUN))
                    && server.id().equals(container.labels().get(SERVER))
                    && startedAt(container.id()).isAfter(serves);
            if (fits) {
                good = true;
            } else {
                step.checkpoint();
                engine.removeWithVolumes(container.id());
            }
        }
        if (good) {
            return false;
        }
        step.checkpoint();
        run.emptyHalfMade();
        var sidecar = sidecar(
                server,
                run.wal(),
                run.wal(),
                database,
                source,
                Map.of(ROLE, RECEIVER, RUN, run.about().id()),
                List.of("pg_receivewal", "--directory=" + INSIDE, "--slot=" + source.slot(), "--synchronous"));
        try {
            engine.startSidecar(sidecar);
        } catch (StepFailure e) {
            throw new StepFailure(
                    e.kind() == FailureKind.TOOL ? FailureKind.PRECONDITION : e.kind(),
                    "a container of the server's image could not be started to fetch its WAL: " + e.text(),
                    e);
        }
        return true;
    }

    /** It is begun anew with the next look. */
    void endReceiver() throws StepFailure, InterruptedException {
        for (var container : of(RECEIVER)) {
            remove(container.id());
        }
    }

    /** What the container that fetches said last. */
    String said() throws StepFailure, InterruptedException {
        for (var container : of(RECEIVER)) {
            return String.join(" / ", engine.lastLogs(container.id(), LINES));
        }
        return "";
    }

    /**
     * Writes a base backup, as tar with its manifest at the end, to its standard output.
     *
     * @param options of its own
     */
    Sidecar base(
            EngineContainer server, WalRun run, String base, Database database, WalSource source, String... options)
            throws StepFailure, SQLException {
        var argv = new ArrayList<>(List.of(
                "pg_basebackup",
                "--pgdata=-",
                "--format=tar",
                "--wal-method=none",
                "--checkpoint=fast",
                "--label=rollback " + base));
        argv.addAll(List.of(options));
        return sidecar(
                server,
                run.making(),
                null,
                database,
                source,
                Map.of(ROLE, BASE_BACKUP, RUN, run.about().id()),
                argv);
    }

    /** That no worker of ours reads from. */
    void removeBases() throws StepFailure, InterruptedException {
        for (var container : of(BASE_BACKUP)) {
            remove(container.id());
        }
    }

    void remove(String id) throws StepFailure, InterruptedException {
        step.checkpoint();
        engine.removeWithVolumes(id);
    }

    /** All of them. */
    void end() throws StepFailure, InterruptedException {
        for (var container : engine.labelled(PLATFORM, platform)) {
            remove(container.id());
        }
    }

    private List<EngineContainer> of(String role) throws StepFailure, InterruptedException {
        return engine.labelled(PLATFORM, platform).stream()
                .filter(container -> role.equals(container.labels().get(ROLE)))
                .toList();
    }

    private Instant startedAt(String id) throws StepFailure, InterruptedException {
        return engine.details(id)
                .map(ContainerDetails::startedAt)
                .map(Instant::parse)
                .orElse(Instant.EPOCH);
    }

    private Sidecar sidecar(
            EngineContainer server,
            Path owned,
            @Nullable Path mounted,
            Database database,
            WalSource source,
            Map<String, String> labels,
            List<String> command)
            throws StepFailure, SQLException {
        var environment = new HashMap<>(Map.of(
                "PGHOST",
                "127.0.0.1",
                "PGPORT",
                source.port(),
                "PGUSER",
                database.getUser(),
                "PGAPPNAME",
                "rollback-wal",
                "PGCONNECT_TIMEOUT",
                "10",
                "LC_ALL",
                "C"));
        var password = database.getPassword();
        if (password != null) {
            environment.put("PGPASSWORD", step.secrets().resolve(password));
        }
        var all = new HashMap<>(labels);
        all.put(PLATFORM, platform);
        all.put(SERVER, server.id());
        var argv = new ArrayList<>(command);
        argv.add("--no-password");
        return new Sidecar(server.imageId(), server.id(), owner(owned), argv, environment, mounted, INSIDE, all);
    }

    /** What it writes is ours. */
    private static String owner(Path folder) throws StepFailure {
        try {
            return Files.getAttribute(folder, "unix:uid") + ":" + Files.getAttribute(folder, "unix:gid");
        } catch (IOException e) {
            throw Disk.failure(folder, e);
        }
    }
}
