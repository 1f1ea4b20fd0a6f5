package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.LogArchive;
import io.freedom.rollback.vault.BackupKeys;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** A small platform: a database stand-in with a health check, an api built here that needs it, and a one-shot job. */
final class TestProject implements AutoCloseable {
    static final String BASE = "rollback-local/python:bookworm";
    static final String COMPOSE = """
            services:
              db:
                image: ${BASE}
                init: true
                command: [sleep, infinity]
                healthcheck: {test: [CMD, "true"], interval: 1s}
                volumes: ["data:/data"]
                restart: always
              api:
                build: {context: api, args: {BASE: "${BASE}"}, tags: ["${LIVE_TAG}"]}
                init: true
                env_file: .env
                depends_on: {db: {condition: service_healthy}}
              job:
                image: ${BASE}
                command: ["true"]
            volumes: {data: {}}
            """;

    final String name = "rb-" + UUID.randomUUID().toString().substring(0, 8);
    final RecordedStep step = new RecordedStep();
    final EngineProvider engines = new EngineProvider();
    final Engine engine = engines.engine();
    final Path live;
    final Path worktree;
    final Path backup;
    final Path keys;
    final Vault vault;
    /** Null where the platform's logs are not kept. */
    @Nullable
    LogArchive logs;

    TestProject(Path folder) throws Exception {
        live = Files.createDirectories(folder.resolve("live"));
        worktree = Files.createDirectories(folder.resolve("worktree"));
        backup = folder.resolve("backup");
        keys = folder.resolve("backups.key");
        BackupKeys.generate(keys);
        vault = new Vault(keys, true, List.of());
        write(live, "bad", COMPOSE);
        write(worktree, "good", COMPOSE);
        Files.writeString(live.resolve(".env"), "BASE=%s\nLIVE_TAG=%s-further:latest\n".formatted(BASE, name));
    }

    static void write(Path directory, String version, String compose) throws Exception {
        Files.createDirectories(directory.resolve("api"));
        Files.writeString(directory.resolve("compose.yml"), compose);
        Files.writeString(directory.resolve("api/Dockerfile"), """
                ARG BASE
                FROM ${BASE}
                COPY version /version
                CMD ["sh", "-c", "echo version $(cat /version); exec sleep infinity"]
                """);
        Files.writeString(directory.resolve("api/version"), version);
    }

    ComposeProject compose() {
        return new ComposeProject(
                name,
                live.toString(),
                List.of("compose.yml"),
                live.resolve(".env").toString(),
                null,
                logs);
    }

    void up() throws Exception {
        docker("compose", "-p", name, "--project-directory", live.toString(), "up", "-d", "--build");
    }

    /** Probes and executes as the worker does; the result is there for the steps that follow. */
    <A extends SpecificRecord> String run(StepHandler<A> handler, A action) throws Exception {
        var completed = handler.probe(action, step) instanceof Probe.Applied applied
                ? applied.completed()
                : handler.execute(action, step);
        step.feed(completed.result());
        return completed.detail();
    }

    <R extends SpecificRecord> R result(Class<R> type) {
        return step.find(type).orElseThrow();
    }

    EngineContainer container(String service) throws Exception {
        return engine.containers(name).stream()
                .filter(c -> c.service().equals(service))
                .findFirst()
                .orElseThrow();
    }

    /** State by service. */
    Map<String, String> states() throws Exception {
        var states = new TreeMap<String, String>();
        engine.containers(name).forEach(c -> states.put(c.service(), c.state()));
        return states;
    }

    /** Image id by service. */
    Map<String, String> images() throws Exception {
        var images = new TreeMap<String, String>();
        engine.containers(name).forEach(c -> images.put(c.service(), c.imageId()));
        return images;
    }

    static String docker(String... arguments) throws Exception {
        var argv = new ArrayList<>(List.of("docker"));
        argv.addAll(List.of(arguments));
        return Command.in(Path.of("/"), argv).check().stdout().strip();
    }

    @Override
    public void close() throws Exception {
        for (var container : engine.containers(name)) {
            engine.remove(container.id());
        }
        for (var network : engine.networks(name)) {
            engine.removeNetwork(network.id());
        }
        var volumes = docker("volume", "ls", "-q", "--filter", "label=com.docker.compose.project=" + name);
        for (var volume : volumes.lines().toList()) {
            docker("volume", "rm", volume);
        }
        for (var pattern : List.of(name + "*", "rollback-*/" + name + "*")) {
            for (var image : engine.images().named(pattern)) {
                for (var tag : image.tags()) {
                    if (tag.contains(name)) {
                        engine.images().removeTag(tag);
                    }
                }
            }
        }
        engine.images().pruneDangling(name);
        engines.close();
    }
}
