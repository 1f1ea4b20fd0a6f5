package io.freedom.rollback.engine;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.HealthCheck;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.Volume;
import com.github.dockerjava.api.model.VolumesFrom;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.TimeLimit;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;

/** Containers of our own: beside everything, without network and without anything of this machine; or in the network of another. */
final class ContainerAside {
    /** Marks them. */
    private static final String ASIDE = "io.freedom.rollback.aside";

    private static final String IN_VOLUMES_OF = "io.freedom.rollback.in-volumes-of";
    private static final String BESIDE = "io.freedom.rollback.beside";
    /** Seconds since 1970: nobody uses it after that. */
    private static final String UNTIL = "io.freedom.rollback.until";

    /** Who started it has read by then what it said last. */
    private static final Duration READ = Duration.ofMinutes(10);

    private static final int LOWEST = 2;
    private static final int LEAST_IO = 10;
    private static final int FIRST_TO_GO = 1000;
    /** Enough for a server with the settings it comes with; what it caches goes before that. */
    private static final long MEMORY = 2L << 30;

    private static final long SIDECAR_MEMORY = 256L << 20;
    private static final long SHARED_MEMORY = 256L << 20;

    private static final int NO_SHELL = 127;
    private static final Duration CALL = Duration.ofMinutes(1);
    private static final int POLL_MILLIS = 25;
    private static final Set<String> OVER = Set.of("exited", "dead");

    private final DockerClient client;
    private final Calls calls;
    private final Engine engine;

    ContainerAside(DockerClient client, Calls calls, Engine engine) {
        this.client = client;
        this.calls = calls;
        this.engine = engine;
    }

    ExecResult run(String image, String script, Duration timeout) throws StepFailure, InterruptedException {
        removeLeft(image);
        var id = calls.call(
                "making a container of " + image,
                CALL,
                () -> client.createContainerCmd(image)
                        .withEntrypoint("/bin/sh", "-c", script)
                        .withLabels(labels(ASIDE, image, timeout))
                        .withHostConfig(HostConfig.newHostConfig().withNetworkMode("none"))
                        .exec()
                        .getId());
        try {
            engine.start(id);
            return await(image, id, TimeLimit.of(timeout));
        } finally {
            removeWhateverHappens(id);
        }
    }

    ExecResult runInVolumesOf(
            String containerId, String purpose, String script, List<String> arguments, Duration timeout)
            throws StepFailure, InterruptedException {
        var image = calls.call(
                "inspecting container " + Engine.shortened(containerId),
                () -> String.valueOf(
                        client.inspectContainerCmd(containerId).exec().getImageId()));
        removeLeftIn(purpose);
        var entrypoint = new ArrayList<>(List.of("/bin/sh", "-c", script, "sh"));
        entrypoint.addAll(arguments);
        var id = calls.call(
                "making a container with the volumes of " + Engine.shortened(containerId),
                CALL,
                () -> client.createContainerCmd(image)
                        .withEntrypoint(entrypoint)
                        .withCmd(List.of())
                        .withUser("0:0")
                        .withLabels(labels(IN_VOLUMES_OF, purpose, timeout))
                        .withHealthcheck(new HealthCheck().withTest(List.of("NONE")))
                        .withHostConfig(HostConfig.newHostConfig()
                                .withNetworkMode("none")
                                .withVolumesFrom(new VolumesFrom(containerId)))
                        .exec()
                        .getId());
        try {
            engine.start(id);
            return await(image, id, TimeLimit.of(timeout));
        } catch (StepFailure e) {
            // So does the engine say that there is no such program.
            if (e.kind() == FailureKind.TOOL && String.valueOf(e.getMessage()).contains("no such file or directory")) {
                return new ExecResult(NO_SHELL, "its image has no shell", "", false);
            }
            throw e;
        } finally {
            removeKeepingVolumes(id);
        }
    }

    /** Removes containers beside of that purpose, and of workers that were killed, whatever for; with their data. */
    void sweep(String purpose) throws StepFailure, InterruptedException {
        for (var ours : calls.call(
                "listing containers of ours",
                () -> client.listContainersCmd()
                        .withShowAll(true)
                        .withLabelFilter(List.of(BESIDE))
                        .exec())) {
            if (purpose.equals(ours.getLabels().get(BESIDE)) || isLeft(ours)) {
                remove(ours.getId());
            }
        }
    }

    /**
     * @param purpose marks it; what has the same mark is removed first
     * @param lifetime it ends by itself after that, whatever becomes of us
     * @param first shell script that runs before the entry point; empty for none
     */
    String start(
            String image,
            Map<String, String> environment,
            List<String> arguments,
            String purpose,
            Duration lifetime,
            String first,
            Engine.Filling filling)
            throws StepFailure, InterruptedException {
        sweep(purpose);
        var config = calls.call(
                "inspecting image " + image,
                () -> client.inspectImageCmd(image).exec().getConfig());
        var entrypoint = new ArrayList<>(List.of("timeout", "-s", "INT", String.valueOf(lifetime.toSeconds())));
        if (!first.isEmpty()) {
            entrypoint.addAll(List.of("sh", "-c", first + "\nexec \"$@\"", "sh"));
        }
        var own = config == null ? null : config.getEntrypoint();
        entrypoint.addAll(List.of(own == null ? new String[0] : own));
        var id = calls.call(
                "making a container of " + image,
                CALL,
                () -> client.createContainerCmd(image)
                        .withEntrypoint(entrypoint)
                        .withCmd(arguments)
                        .withEnv(variables(environment))
                        .withLabels(labels(BESIDE, purpose, lifetime))
                        .withHealthcheck(new HealthCheck().withTest(List.of("NONE")))
                        .withHostConfig(HostConfig.newHostConfig()
                                .withNetworkMode("none")
                                .withCpuShares(LOWEST)
                                .withMemory(MEMORY)
                                .withMemorySwap(MEMORY)
                                .withBlkioWeight(LEAST_IO)
                                .withOomScoreAdj(FIRST_TO_GO)
                                .withShmSize(SHARED_MEMORY))
                        .exec()
                        .getId());
        try {
            filling.fill(id);
            engine.start(id);
            return id;
        } catch (StepFailure | InterruptedException | RuntimeException e) {
            removeAfter(e, id);
            throw e;
        }
    }

    String start(Sidecar sidecar) throws StepFailure, InterruptedException {
        var id = make(
                sidecar, new LogConfig(LogConfig.LoggingType.JSON_FILE, Map.of("max-size", "1m", "max-file", "2")));
        try {
            engine.start(id);
            return id;
        } catch (StepFailure | InterruptedException | RuntimeException e) {
            removeAfter(e, id);
            throw e;
        }
    }

    /** It ends with what it runs, and is removed then, or when nobody reads any more. */
    ExecResult stream(Sidecar sidecar, Engine.Filling filling, OutputStream out, Duration silence)
            throws StepFailure, InterruptedException {
        // What it writes is in no log of the engine.
        var id = make(sidecar, new LogConfig(LogConfig.LoggingType.NONE, Map.of()));
        try {
            filling.fill(id);
            return new SidecarStream(client, calls, engine, id).read(out, silence);
        } finally {
            removeWhateverHappens(id);
        }
    }

    private String make(Sidecar sidecar, LogConfig log) throws StepFailure, InterruptedException {
        var labels = new HashMap<>(sidecar.labels());
        labels.put(EngineContainer.PROJECT, "");
        labels.put(EngineContainer.SERVICE, "");
        var folder = sidecar.folder();
        var binds = folder == null
                ? List.<Bind>of()
                : List.of(new Bind(folder.toString(), new Volume(sidecar.mountedAt())));
        return calls.call(
                "making a container of " + sidecar.image(),
                CALL,
                () -> client.createContainerCmd(sidecar.image())
                        .withEntrypoint(sidecar.command())
                        .withCmd(List.of())
                        .withUser(sidecar.user())
                        .withEnv(variables(sidecar.environment()))
                        .withLabels(labels)
                        .withHealthcheck(new HealthCheck().withTest(List.of("NONE")))
                        .withHostConfig(HostConfig.newHostConfig()
                                .withNetworkMode("container:" + sidecar.networkOf())
                                .withBinds(binds)
                                .withMemory(SIDECAR_MEMORY)
                                .withMemorySwap(SIDECAR_MEMORY)
                                .withOomScoreAdj(FIRST_TO_GO)
                                .withLogConfig(log))
                        .exec()
                        .getId());
    }

    private static List<String> variables(Map<String, String> environment) {
        return environment.entrySet().stream()
                .map(variable -> variable.getKey() + "=" + variable.getValue())
                .toList();
    }

    /** An image that compose has built passes on whose it is. */
    private static Map<String, String> labels(String ours, String value, Duration lifetime) {
        var until = String.valueOf(Instant.now().plus(lifetime).getEpochSecond());
        return Map.of(ours, value, UNTIL, until, EngineContainer.PROJECT, "", EngineContainer.SERVICE, "");
    }

    /** The interrupt that may have brought us here must not keep us from cleaning up. */
    private void removeAfter(Exception failure, String id) {
        boolean interrupted = Thread.interrupted();
        try {
            remove(id);
        } catch (StepFailure | InterruptedException e) {
            failure.addSuppressed(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Of a worker that was killed: it may be at work still. */
    private void removeLeftIn(String purpose) throws StepFailure, InterruptedException {
        for (var left : engine.labelled(IN_VOLUMES_OF, purpose)) {
            removeKeepingVolumes(left.id());
        }
    }

    /** They are another's. */
    private void removeKeepingVolumes(String id) throws StepFailure, InterruptedException {
        boolean interrupted = Thread.interrupted();
        try {
            engine.remove(id);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void removeWhateverHappens(String id) throws StepFailure, InterruptedException {
        // The interrupt that may have brought us here must not keep us from cleaning up.
        boolean interrupted = Thread.interrupted();
        try {
            remove(id);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private ExecResult await(String image, String id, TimeLimit limit) throws StepFailure, InterruptedException {
        while (limit.left() > 0) {
            var details = engine.details(id);
            if (details.isEmpty()) {
                throw new StepFailure(
                        FailureKind.UNAVAILABLE,
                        "a container of " + image + " was removed before it had answered: retry");
            }
            if (OVER.contains(details.get().state())) {
                var said = new StringJoiner("\n");
                engine.logs(id, null, said::add);
                return new ExecResult(details.get().exitCode(), said.toString(), "", false);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        throw new StepFailure(FailureKind.TOOL, "a container of " + image + " gave no answer in time");
    }

    /** Of a worker that was killed. */
    private void removeLeft(String image) throws StepFailure, InterruptedException {
        var left = calls.call(
                "listing containers of ours",
                () -> client.listContainersCmd()
                        .withShowAll(true)
                        .withLabelFilter(List.of(ASIDE + "=" + image))
                        .withStatusFilter(List.of("created", "exited", "dead"))
                        .exec());
        for (var container : left) {
            if (isLeft(container)) {
                remove(container.getId());
            }
        }
    }

    /** Another worker's may only just have ended, and is read by that. */
    private boolean isLeft(Container ours) throws StepFailure, InterruptedException {
        var until = ours.getLabels().get(UNTIL);
        if (until != null && Instant.now().getEpochSecond() > Long.parseLong(until)) {
            return true;
        }
        if (!OVER.contains(ours.getState())) {
            return false;
        }
        return calls.call("inspecting container " + Engine.shortened(ours.getId()), () -> {
            try {
                var ended = client.inspectContainerCmd(ours.getId())
                        .exec()
                        .getState()
                        .getFinishedAt();
                return ended == null
                        || Instant.parse(ended).isBefore(Instant.now().minus(READ));
            } catch (NotFoundException e) {
                return false;
            }
        });
    }

    /** With the volumes that its image asks for. */
    private void remove(String id) throws StepFailure, InterruptedException {
        calls.call("removing container " + Engine.shortened(id), CALL, () -> {
            try {
                return client.removeContainerCmd(id)
                        .withForce(true)
                        .withRemoveVolumes(true)
                        .exec();
            } catch (NotFoundException e) {
                return null;
            }
        });
    }
}
