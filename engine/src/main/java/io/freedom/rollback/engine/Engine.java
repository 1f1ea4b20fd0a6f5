package io.freedom.rollback.engine;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.InternalServerErrorException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.exception.NotModifiedException;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.httpclient5.ApacheDockerHttpClient;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A connection to one Docker engine, safe for many threads. Every method fails with OUTAGE when the engine does not
 * answer, PRECONDITION when what it names is not there, TOOL when the engine refuses.
 */
public final class Engine implements AutoCloseable {
    private final URI host;
    private final Calls calls;
    private final DockerClient client;
    private final String version;
    private final String apiVersion;

    private Engine(URI host, Calls calls, DockerClient client, String version, String apiVersion) {
        this.host = host;
        this.calls = calls;
        this.client = client;
        this.version = version;
        this.apiVersion = apiVersion;
    }

    /** Connects to DOCKER_HOST, or to the default socket of this machine. */
    public static Engine connect() throws StepFailure, InterruptedException {
        return connect(
                DefaultDockerClientConfig.createDefaultConfigBuilder().build().getDockerHost());
    }

    /** Connects to a unix:// or tcp:// address. */
    public static Engine connect(URI host) throws StepFailure, InterruptedException {
        var calls = new Calls(host);
        var limit = Duration.ofSeconds(10);
        // docker-java does not negotiate, and new engines refuse old versions: ask without one, then use the answer.
        try (var unversioned = client(host, "")) {
            var answer = calls.call(
                    "asking for its version",
                    limit,
                    () -> unversioned.versionCmd().exec());
            var api = answer.getApiVersion();
            return new Engine(host, calls, client(host, api), answer.getVersion(), api);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static DockerClient client(URI host, String apiVersion) {
        var config = DefaultDockerClientConfig.createDefaultConfigBuilder()
                .withDockerHost(host.toString())
                .withApiVersion(apiVersion)
                .build();
        var transport = new ApacheDockerHttpClient.Builder()
                .dockerHost(config.getDockerHost())
                .sslConfig(config.getSSLConfig())
                .connectionTimeout(Duration.ofSeconds(5))
                .maxConnections(256)
                .build();
        return DockerClientImpl.getInstance(config, new UncompressedTransport(transport));
    }

    public URI host() {
        return host;
    }

    /** Version of the engine, e.g. "20.10.24". */
    public String version() {
        return version;
    }

    public String apiVersion() {
        return apiVersion;
    }

    /** Returns when the engine answers. */
    public void ping() throws StepFailure, InterruptedException {
        calls.call("ping", Duration.ofSeconds(10), () -> client.pingCmd().exec());
    }

    // ---- containers ----

    /** All containers of a compose project, running or not, one-off ones too; by service and number. */
    public List<EngineContainer> containers(String project) throws StepFailure, InterruptedException {
        return calls.call("listing containers of " + project, () -> {
            var found = new ArrayList<EngineContainer>();
            for (var container : client.listContainersCmd()
                    .withShowAll(true)
                    .withLabelFilter(List.of(EngineContainer.PROJECT + "=" + project))
                    .exec()) {
                var read = Listed.container(container);
                // Once its tag points elsewhere, the list names the image by id: only an inspection tells the
                // reference.
                found.add(read.image().startsWith("sha256:") ? withReference(read) : read);
            }
            found.sort(Comparator.comparing(EngineContainer::service).thenComparing(EngineContainer::number));
            return List.copyOf(found);
        });
    }

    private EngineContainer withReference(EngineContainer c) {
        try {
            var config = client.inspectContainerCmd(c.id()).exec().getConfig();
            var image = config.getImage() == null ? c.image() : config.getImage();
            return new EngineContainer(
                    c.id(), c.name(), c.service(), image, c.imageId(), c.state(), c.health(), c.labels());
        } catch (NotFoundException e) {
            return c; // Removed between the two calls.
        }
    }

    /** The running container of a service; of several replicas the first. */
    public EngineContainer running(String project, String service) throws StepFailure, InterruptedException {
        var all = containers(project).stream()
                .filter(c -> c.service().equals(service) && !c.oneOff())
                .toList();
        return all.stream()
                .filter(EngineContainer::isRunning)
                .findFirst()
                .orElseThrow(() -> new StepFailure(
                        FailureKind.PRECONDITION,
                        "service %s of project %s has no running container (%s): start it, then retry"
                                .formatted(
                                        service,
                                        project,
                                        all.isEmpty()
                                                ? "none exists"
                                                : all.getFirst().state())));
    }

    /** Ports of the machine that running containers have, whosever they are. */
    public List<TakenPort> takenPorts() throws StepFailure, InterruptedException {
        return calls.call(
                "listing published ports",
                () -> client.listContainersCmd().exec().stream()
                        .flatMap(container -> Listed.ports(container).stream())
                        .toList());
    }

    /** Empty when the container is gone. */
    public Optional<ContainerDetails> details(String containerId) throws StepFailure, InterruptedException {
        return calls.call("inspecting container " + shortened(containerId), () -> {
            try {
                return Optional.of(
                        Listed.details(client.inspectContainerCmd(containerId).exec()));
            } catch (NotFoundException e) {
                return Optional.<ContainerDetails>empty();
            }
        });
    }

    /** A variable of a container's environment, as it was made with; empty when it has none or is gone. */
    public Optional<String> environment(String containerId, String variable) throws StepFailure, InterruptedException {
        return calls.call("inspecting container " + shortened(containerId), () -> {
            try {
                var config = client.inspectContainerCmd(containerId).exec().getConfig();
                var environment = config == null ? null : config.getEnv();
                return Stream.of(environment == null ? new String[0] : environment)
                        .filter(entry -> entry.startsWith(variable + "="))
                        .map(entry -> entry.substring(variable.length() + 1))
                        .findFirst();
            } catch (NotFoundException e) {
                return Optional.<String>empty();
            }
        });
    }

    /** What a running container uses; takes a third of a second, up to two on old engines. Empty when it is gone or does not run. */
    public Optional<ContainerUsage> usage(String containerId) throws StepFailure, InterruptedException {
        return ContainerStatistics.read(client, calls, apiVersion, containerId);
    }

    /** The processes of a running container, the largest first; empty when it is gone, or where its machine has no {@code ps}. */
    public List<ContainerProcess> processes(String containerId) throws StepFailure, InterruptedException {
        return calls.call("listing processes of container " + shortened(containerId), () -> {
            try {
                var top = client.topContainerCmd(containerId)
                        .withPsArgs("-eo pid,rss,args")
                        .exec();
                return Arrays.stream(Objects.requireNonNullElse(top.getProcesses(), new String[0][]))
                        .map(row -> new ContainerProcess(Long.parseLong(row[0]), Long.parseLong(row[1]) << 10, row[2]))
                        .sorted(Comparator.comparing(ContainerProcess::memory).reversed())
                        .toList();
            } catch (NotFoundException | ConflictException | InternalServerErrorException e) {
                return List.<ContainerProcess>of();
            }
        });
    }

    /** Starts a container; nothing happens when it runs. */
    public void start(String containerId) throws StepFailure, InterruptedException {
        calls.call("starting container " + shortened(containerId), Duration.ofMinutes(2), () -> {
            try {
                return client.startContainerCmd(containerId).exec();
            } catch (NotModifiedException e) {
                return null;
            }
        });
    }

    /** Stops a container, killing it after {@code grace}; nothing happens when it is stopped or gone. */
    public void stop(String containerId, Duration grace) throws StepFailure, InterruptedException {
        calls.call("stopping container " + shortened(containerId), grace.plusSeconds(30), () -> {
            try {
                return client.stopContainerCmd(containerId)
                        .withTimeout(Math.toIntExact(grace.toSeconds()))
                        .exec();
            } catch (NotModifiedException | NotFoundException e) {
                return null;
            }
        });
    }

    /** Lets a paused container go on, so that it can be stopped gracefully. */
    public void unpause(String containerId) throws StepFailure, InterruptedException {
        calls.call(
                "unpausing container " + shortened(containerId),
                () -> client.unpauseContainerCmd(containerId).exec());
    }

    /** Removes a container by force, keeping its volumes; nothing happens when it is gone. */
    public void remove(String containerId) throws StepFailure, InterruptedException {
        remove(containerId, false);
    }

    /** The same with the volumes that have no name. */
    public void removeWithVolumes(String containerId) throws StepFailure, InterruptedException {
        remove(containerId, true);
    }

    private void remove(String containerId, boolean volumes) throws StepFailure, InterruptedException {
        calls.call("removing container " + shortened(containerId), Duration.ofMinutes(1), () -> {
            try {
                return client.removeContainerCmd(containerId)
                        .withForce(true)
                        .withRemoveVolumes(volumes)
                        .exec();
            } catch (NotFoundException e) {
                return null;
            }
        });
    }

    /** What differs in a container from its image, as "A /path", "C /path" or "D /path": added, changed, deleted. */
    public List<String> changes(String containerId) throws StepFailure, InterruptedException {
        return calls.call("listing changes of container " + shortened(containerId), Duration.ofMinutes(2), () -> {
            var changes = client.containerDiffCmd(containerId).exec();
            return changes == null
                    ? List.<String>of()
                    : changes.stream()
                            .map(change -> "CAD".charAt(change.getKind()) + " " + change.getPath())
                            .toList();
        });
    }

    /** Makes an image of a container as it is, volumes left out; it pauses meanwhile. {@code tag} may not be empty. */
    public void commit(String containerId, String repository, String tag) throws StepFailure, InterruptedException {
        calls.call(
                "keeping container " + shortened(containerId),
                Duration.ofMinutes(10),
                () -> client.commitCmd(containerId)
                        .withRepository(repository)
                        .withTag(tag)
                        .withPause(true)
                        .exec());
    }

    // ---- exec, copy, logs ----

    /**
     * Runs a program in a container, without shell and without stdin. When the time is over or the thread is
     * interrupted, the program and its children are ended inside the container.
     */
    public ExecResult exec(String containerId, List<String> argv, Map<String, String> environment, Duration timeout)
            throws StepFailure, InterruptedException {
        return new ContainerExec(client, calls, containerId).run(argv, environment, timeout);
    }

    /**
     * Runs a program in a container that writes a tar stream, which is read as it comes. One that is not whole is UNAVAILABLE.
     *
     * @return its exit code, and the end of what it wrote to its standard error
     */
    public ExecResult readTar(String containerId, List<String> argv, Map<String, String> environment, TarReader reader)
            throws StepFailure, InterruptedException {
        return new ContainerExec(client, calls, containerId).read(argv, environment, reader);
    }

    /** Copies a file or folder of a container below {@code targetDirectory}, under its own name. Returns bytes. */
    public long copyOut(String containerId, String path, Path targetDirectory)
            throws StepFailure, InterruptedException {
        return copyOut(containerId, path, targetDirectory, bytes -> {});
    }

    /** As the other, telling {@code progress} the bytes read so far. */
    public long copyOut(String containerId, String path, Path targetDirectory, LongConsumer progress)
            throws StepFailure, InterruptedException {
        return new ContainerCopy(client, calls, containerId).unpack(path, targetDirectory, progress);
    }

    /** Reads a file or folder as a tar stream; a stream that was cut is a failure. */
    public long copyOut(String containerId, String path, TarReader reader, LongConsumer progress)
            throws StepFailure, InterruptedException {
        return new ContainerCopy(client, calls, containerId).read(path, progress, reader);
    }

    /** Unpacks below a folder what is written, with the owners and modes that it names. */
    public void copyIn(String containerId, TarWriter writer, String directoryInContainer)
            throws StepFailure, InterruptedException {
        var what = "copying to " + directoryInContainer + " in container " + shortened(containerId);
        new ContainerCopy(client, calls, containerId).in(what, writer, directoryInContainer);
    }

    /** Writes a file or folder of a container as a tar stream. Returns bytes; {@code out} stays open. */
    public long copyOutTar(String containerId, String path, OutputStream out) throws StepFailure, InterruptedException {
        return new ContainerCopy(client, calls, containerId).tar(path, out);
    }

    /** Copies a file or folder below an existing folder of a container, under its own name, owned by root. */
    public void copyIn(String containerId, Path source, String directoryInContainer)
            throws StepFailure, InterruptedException {
        new ContainerCopy(client, calls, containerId).in(source, directoryInContainer);
    }

    /** Unpacks a tar stream below an existing folder of a container, with the owners and modes that it has. Returns bytes. */
    public long copyInTar(String containerId, InputStream tar, String directoryInContainer, LongConsumer progress)
            throws StepFailure, InterruptedException {
        return new ContainerCopy(client, calls, containerId).tarIn(tar, directoryInContainer, progress);
    }

    /** Feeds both streams of a container's log, line by line, oldest first. Returns the number of lines. */
    public long logs(String containerId, @Nullable Instant since, Consumer<String> line)
            throws StepFailure, InterruptedException {
        return logs(containerId, since, Instant.MAX, line);
    }

    /** The same of a time; {@code until} counts only where {@code since} is given. */
    public long logs(String containerId, @Nullable Instant since, Instant until, Consumer<String> line)
            throws StepFailure, InterruptedException {
        return new ContainerLogs(client, calls, containerId).read(since, until, line);
    }

    /**
     * Feeds a container's log as the engine keeps it, oldest first, on a thread of its own: it may feed one more entry after an
     * interruption.
     *
     * @param since in whole seconds; null for all that is there. The engine reads through all of it
     * @param tail the last so many only, which the engine finds at once; 0 for all
     * @param silence for which it may have nothing to give
     */
    public void logEntries(String containerId, @Nullable Instant since, int tail, Duration silence, LogEntries entries)
            throws StepFailure, InterruptedException {
        new ContainerLogs(client, calls, containerId).entries(since, tail, silence, entries);
    }

    /** The last lines of a container's log. */
    public List<String> lastLogs(String containerId, int lines) throws StepFailure, InterruptedException {
        return new ContainerLogs(client, calls, containerId).last(lines);
    }

    /**
     * Runs a shell script in a container of its own, made of an image that is here and removed at once: without network, and
     * without anything of this machine.
     *
     * @return what it wrote to both streams, and its exit code
     */
    public ExecResult runAside(String image, String script, Duration timeout) throws StepFailure, InterruptedException {
        return new ContainerAside(client, calls, this).run(image, script, timeout);
    }

    /**
     * Runs a shell script as root in a container of its own, with the image and the volumes of another, and without network; removed at once.
     *
     * @param purpose marks it; what has the same mark, of a worker that was killed, is removed first
     * @param arguments $1, $2 and so on of the script
     * @return what it wrote to both streams, and its exit code; 127 where the image has no shell
     */
    public ExecResult runInVolumesOf(
            String containerId, String purpose, String script, List<String> arguments, Duration timeout)
            throws StepFailure, InterruptedException {
        return new ContainerAside(client, calls, this).runInVolumesOf(containerId, purpose, script, arguments, timeout);
    }

    /**
     * Starts a container of an image that is here, by its own entry point: without network, without anything of this machine, with
     * the lowest share of the processor. Whoever starts it removes it with {@link #removeWithVolumes}.
     *
     * @param purpose marks it; what has the same mark, of a worker that was killed, is removed first
     * @param lifetime it ends by itself after that; the image needs {@code timeout} for that
     * @return its id
     */
    public String startBeside(
            String image, Map<String, String> environment, List<String> arguments, String purpose, Duration lifetime)
            throws StepFailure, InterruptedException {
        return new ContainerAside(client, calls, this)
                .start(image, environment, arguments, purpose, lifetime, "", _ -> {});
    }

    /** Removes what {@link #startBeside} would remove before it starts one of that purpose. */
    public void sweepBeside(String purpose) throws StepFailure, InterruptedException {
        new ContainerAside(client, calls, this).sweep(purpose);
    }

    /** Fills a container that was made and does not run yet. */
    public interface Filling {
        void fill(String containerId) throws StepFailure, InterruptedException;
    }

    /**
     * The same with files of ours.
     *
     * @param first shell script that runs inside before the entry point, and keeps it from starting where it exits; empty for none
     * @param filling puts them into it before it starts
     */
    public String startBeside(
            String image,
            Map<String, String> environment,
            List<String> arguments,
            String purpose,
            Duration lifetime,
            String first,
            Filling filling)
            throws StepFailure, InterruptedException {
        return new ContainerAside(client, calls, this)
                .start(image, environment, arguments, purpose, lifetime, first, filling);
    }

    /** Starts it; whoever does removes it with {@link #removeWithVolumes}. @return its id */
    public String startSidecar(Sidecar sidecar) throws StepFailure, InterruptedException {
        return new ContainerAside(client, calls, this).start(sidecar);
    }

    /**
     * Runs it to its end and removes it. What it writes to its standard output goes to {@code out}, at whose pace it works, and is kept nowhere else.
     * A stream that is cut may end as silently as a whole one: what is in it must tell.
     *
     * @param silence for which it may write nothing
     * @return its exit code, and the end of what it wrote to its standard error
     */
    public ExecResult streamSidecar(Sidecar sidecar, OutputStream out, Duration silence)
            throws StepFailure, InterruptedException {
        return streamSidecar(sidecar, _ -> {}, out, silence);
    }

    /**
     * The same with files of ours.
     *
     * @param filling puts them into it before it starts
     */
    public ExecResult streamSidecar(Sidecar sidecar, Filling filling, OutputStream out, Duration silence)
            throws StepFailure, InterruptedException {
        return new ContainerAside(client, calls, this).stream(sidecar, filling, out, silence);
    }

    /** Containers with a label, running or not, the oldest first. */
    public List<EngineContainer> labelled(String label, String value) throws StepFailure, InterruptedException {
        return calls.call(
                "listing containers labelled " + label,
                () -> client
                        .listContainersCmd()
                        .withShowAll(true)
                        .withLabelFilter(List.of(label + "=" + value))
                        .exec()
                        .reversed()
                        .stream()
                        .map(Listed::container)
                        .toList());
    }

    // ---- images, volumes and networks ----

    /** Images, their names and what may be pruned of them. */
    public EngineImages images() {
        return new EngineImages(client, calls, apiVersion);
    }

    /** Named volumes and what is in them. */
    public EngineVolumes volumes() {
        return new EngineVolumes(client, calls, apiVersion);
    }

    /** Networks that compose made for a project. */
    public List<EngineNetwork> networks(String project) throws StepFailure, InterruptedException {
        return calls.call("listing networks of " + project, () -> {
            var found = new ArrayList<EngineNetwork>();
            for (var network : client.listNetworksCmd()
                    .withFilter("label", List.of(EngineContainer.PROJECT + "=" + project))
                    .exec()) {
                try {
                    var inspected = client.inspectNetworkCmd()
                            .withNetworkId(network.getId())
                            .exec();
                    found.add(Listed.network(inspected));
                } catch (NotFoundException e) {
                    // Removed between the two calls.
                }
            }
            return List.copyOf(found);
        });
    }

    public void removeNetwork(String networkId) throws StepFailure, InterruptedException {
        calls.call("removing network " + shortened(networkId), () -> {
            try {
                return client.removeNetworkCmd(networkId).exec();
            } catch (NotFoundException e) {
                return null;
            }
        });
    }

    static String shortened(String id) {
        return id.length() > 12 ? id.substring(0, 12) : id;
    }

    @Override
    public void close() {
        try {
            client.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
