package io.freedom.rollback.engine;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectVolumeResponse;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.transport.DockerHttpClient;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.LongConsumer;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The named volumes of one engine. What is in a volume is read and written through a container that has it mounted and never
 * runs, of an image that is empty: so this needs no program, and no image that a broken platform may not have any more.
 */
public final class EngineVolumes {
    /** Marks our carriers, with the name of the volume. */
    private static final String CARRIER = "io.freedom.rollback.carrier";

    private static final String MOUNTED = "volume";
    private static final int BLOCK = 512;
    /** The end of a tar archive, and all of an empty one. */
    private static final byte[] NOTHING = new byte[1024];

    private final DockerClient client;
    private final Calls calls;
    private final String apiVersion;

    EngineVolumes(DockerClient client, Calls calls, String apiVersion) {
        this.client = client;
        this.calls = calls;
        this.apiVersion = apiVersion;
    }

    /** Those that compose made for a project, by name; not its external ones. */
    public List<EngineVolume> ofProject(String project) throws StepFailure, InterruptedException {
        return calls.call("listing volumes of " + project, () -> {
            var found = client.listVolumesCmd()
                    .withFilter("label", List.of(EngineContainer.PROJECT + "=" + project))
                    .exec()
                    .getVolumes();
            return found == null
                    ? List.<EngineVolume>of()
                    : found.stream()
                            .map(EngineVolumes::read)
                            .sorted(Comparator.comparing(EngineVolume::name))
                            .toList();
        });
    }

    /** Empty when there is none of that name. */
    public Optional<EngineVolume> find(String name) throws StepFailure, InterruptedException {
        return calls.call("inspecting volume " + name, () -> {
            try {
                return Optional.of(read(client.inspectVolumeCmd(name).exec()));
            } catch (NotFoundException e) {
                return Optional.<EngineVolume>empty();
            }
        });
    }

    private static EngineVolume read(InspectVolumeResponse volume) {
        Map<String, String> options = volume.getOptions() == null ? Map.of() : volume.getOptions();
        Map<String, String> labels = volume.getLabels() == null ? Map.of() : volume.getLabels();
        return new EngineVolume(volume.getName(), volume.getDriver(), options, labels);
    }

    /** Containers that have it mounted, whether they run or not, whosever they are. */
    public List<EngineContainer> users(String name) throws StepFailure, InterruptedException {
        return mounting(name).stream()
                .filter(container -> !container.labels().containsKey(CARRIER))
                .toList();
    }

    /** Says who uses a volume, where somebody does. */
    public void requireUnused(String name) throws StepFailure, InterruptedException {
        var users = users(name);
        if (!users.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "volume %s is used by %s: remove them with `docker rm -f`, then retry"
                            .formatted(
                                    name,
                                    users.stream().map(EngineContainer::name).toList()));
        }
    }

    private List<EngineContainer> mounting(String name) throws StepFailure, InterruptedException {
        return calls.call("listing containers that use volume " + name, () -> {
            var found = new ArrayList<EngineContainer>();
            for (var container : client.listContainersCmd()
                    .withShowAll(true)
                    .withVolumeFilter(List.of(name))
                    .exec()) {
                // The engine's filter also finds those that mount something else at a path of that name.
                if (mounts(container, name)) {
                    found.add(Listed.container(container));
                }
            }
            return List.copyOf(found);
        });
    }

    private static boolean mounts(Container container, String name) {
        var mounts = container.getMounts();
        return mounts != null && mounts.stream().anyMatch(mount -> name.equals(mount.getName()));
    }

    /** Bytes in each volume of this engine, by name, as far as the engine can tell. */
    public Map<String, Long> sizes() throws StepFailure, InterruptedException {
        var json = calls.call("measuring volumes", Duration.ofMinutes(5), () -> {
            var request = DockerHttpClient.Request.builder()
                    .method(DockerHttpClient.Request.Method.GET)
                    .path("/v" + apiVersion + "/system/df?type=volume")
                    .build();
            // docker-java has no command for it.
            try (var response = ((DockerClientImpl) client).getHttpClient().execute(request)) {
                return new String(response.getBody().readAllBytes(), StandardCharsets.UTF_8);
            }
        });
        var sizes = new TreeMap<String, Long>();
        // Every JSON document is a YAML one.
        if (ComposeModel.document(json).get("Volumes") instanceof List<?> volumes) {
            for (var entry : volumes) {
                var volume = ComposeModel.map(entry);
                size(volume.get("UsageData")).ifPresent(size -> sizes.put(String.valueOf(volume.get("Name")), size));
            }
        }
        return sizes;
    }

    /** -1 says that the volume's driver cannot tell. */
    private static OptionalLong size(@Nullable Object usage) {
        return ComposeModel.map(usage).get("Size") instanceof Number size && size.longValue() >= 0
                ? OptionalLong.of(size.longValue())
                : OptionalLong.empty();
    }

    /** Fails where a container uses it; nothing happens when it is gone. */
    public void remove(String name) throws StepFailure, InterruptedException {
        removeCarriers(name);
        calls.call("removing volume " + name, Duration.ofMinutes(5), () -> {
            try {
                return client.removeVolumeCmd(name).exec();
            } catch (NotFoundException e) {
                return null;
            }
        });
    }

    /** Nothing happens when it is there. */
    public void create(EngineVolume volume) throws StepFailure, InterruptedException {
        var command = client.createVolumeCmd()
                .withName(volume.name())
                .withDriver(volume.driver())
                .withLabels(volume.labels());
        // The engine tells no options from none at all.
        var asDescribed = volume.options().isEmpty() ? command : command.withDriverOpts(volume.options());
        calls.call("making volume " + volume.name(), asDescribed::exec);
    }

    /**
     * Writes all that is in a volume as a tar archive, with numeric owners, permissions and the times of its files.
     *
     * @param progress told the bytes so far, which may end the copy by throwing
     * @return bytes; {@code out} stays open
     */
    public long save(String name, OutputStream out, LongConsumer progress) throws StepFailure, InterruptedException {
        return carried(name, carrier -> new ContainerCopy(client, calls, carrier).tar("/" + MOUNTED, out, progress));
    }

    /**
     * Reads what {@link #save} wrote to its end.
     *
     * @param progress told the bytes so far, which may end the reading by throwing
     * @return entries, folders among them
     * @throws TarFormatException where one is cut short or is none
     */
    public static long entries(InputStream archive, LongConsumer progress) throws TarFormatException {
        long entries = 0;
        long end = 0;
        var last = "";
        try {
            var tar = new TarArchiveInputStream(archive);
            for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                progress.accept(tar.getBytesRead());
                entries++;
                last = entry.getName();
                tar.transferTo(OutputStream.nullOutputStream());
                end = (tar.getBytesRead() + BLOCK - 1) / BLOCK * BLOCK;
            }
            // What is cut between two entries looks like one that is whole, but for its end.
            if (tar.getBytesRead() < end + NOTHING.length) {
                throw new EOFException("the end mark is missing");
            }
            return entries;
        } catch (IOException e) {
            throw new TarFormatException(
                    "it ends within or after entry " + entries + ", " + last + " (" + e.getMessage() + ")", e);
        }
    }

    /** Puts what {@link #save} wrote into a volume, beside what is there. Returns bytes. */
    public long load(String name, InputStream archive, LongConsumer progress) throws StepFailure, InterruptedException {
        return carried(name, carrier -> new ContainerCopy(client, calls, carrier).tarIn(archive, "/", progress));
    }

    private interface Work {
        long with(String carrier) throws StepFailure, InterruptedException;
    }

    private long carried(String name, Work work) throws StepFailure, InterruptedException {
        removeCarriers(name);
        var image = "rollback-carrier/" + UUID.randomUUID();
        makeEmpty(image);
        try {
            return work.with(create(name, image));
        } finally {
            // The interrupt that may have brought us here must not keep us from cleaning up.
            boolean interrupted = Thread.interrupted();
            try {
                removeCarriers(name);
                new EngineImages(client, calls, apiVersion).removeTag(image + ":latest");
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    private void makeEmpty(String image) throws StepFailure, InterruptedException {
        var answer = calls.call("making an empty image", () -> {
            var request = DockerHttpClient.Request.builder()
                    .method(DockerHttpClient.Request.Method.POST)
                    .path("/v" + apiVersion + "/images/create?fromSrc=-&tag=latest&repo=" + image)
                    .body(new ByteArrayInputStream(NOTHING))
                    .build();
            // docker-java's command sends the stream as JSON.
            try (var response = ((DockerClientImpl) client).getHttpClient().execute(request)) {
                return response.getStatusCode() + " "
                        + new String(response.getBody().readAllBytes(), StandardCharsets.UTF_8);
            }
        });
        if (!answer.startsWith("200") || answer.contains("\"error\"")) {
            throw new StepFailure(FailureKind.TOOL, "making an empty image: " + answer.strip());
        }
    }

    private String create(String name, String image) throws StepFailure, InterruptedException {
        return calls.call(
                "mounting volume " + name,
                Duration.ofMinutes(1),
                () -> client.createContainerCmd(image + ":latest")
                        .withCmd("none")
                        .withLabels(Map.of(CARRIER, name))
                        .withHostConfig(HostConfig.newHostConfig()
                                .withNetworkMode("none")
                                .withBinds(Bind.parse(name + ":/" + MOUNTED + ":nocopy")))
                        .exec()
                        .getId());
    }

    /** Ours, and those that a worker left which was killed. */
    private void removeCarriers(String name) throws StepFailure, InterruptedException {
        for (var carrier : mounting(name)) {
            if (carrier.labels().containsKey(CARRIER)) {
                calls.call("removing a carrier of volume " + name, Duration.ofMinutes(1), () -> {
                    try {
                        return client.removeContainerCmd(carrier.id())
                                .withForce(true)
                                .exec();
                    } catch (NotFoundException e) {
                        return null;
                    }
                });
            }
        }
    }
}
