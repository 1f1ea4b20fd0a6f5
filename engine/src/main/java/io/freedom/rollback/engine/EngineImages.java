package io.freedom.rollback.engine;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.PruneType;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.transport.DockerHttpClient;
import io.freedom.rollback.worker.StepFailure;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** The images of one engine. */
public final class EngineImages {
    private static final Pattern LAYERS = Pattern.compile("\"LayersSize\"\\s*:\\s*(\\d+)");

    private final DockerClient client;
    private final Calls calls;
    private final String apiVersion;

    EngineImages(DockerClient client, Calls calls, String apiVersion) {
        this.client = client;
        this.calls = calls;
        this.apiVersion = apiVersion;
    }

    /** Id of the image that a name or id points to now; empty when it is not on this engine. */
    public Optional<String> id(String reference) throws StepFailure, InterruptedException {
        return calls.call("inspecting image " + reference, () -> {
            try {
                return Optional.of(client.inspectImageCmd(reference).exec().getId());
            } catch (NotFoundException e) {
                return Optional.<String>empty();
            }
        });
    }

    /** What registries have an image by, e.g. {@code postgres@sha256:…}; empty where it was built here, or is not on this engine. */
    public List<String> digests(String reference) throws StepFailure, InterruptedException {
        return calls.call("inspecting image " + reference, () -> {
            try {
                var digests = client.inspectImageCmd(reference).exec().getRepoDigests();
                return digests == null ? List.<String>of() : List.copyOf(digests);
            } catch (NotFoundException e) {
                return List.<String>of();
            }
        });
    }

    /** Points {@code name} (with or without tag) to an image, wherever it pointed before. */
    public void tag(String imageId, String name) throws StepFailure, InterruptedException {
        int colon = name.lastIndexOf(':');
        boolean tagged = colon > name.lastIndexOf('/');
        var repository = tagged ? name.substring(0, colon) : name;
        var tag = tagged ? name.substring(colon + 1) : "latest";
        calls.call(
                "tagging image " + Engine.shortened(imageId) + " as " + name,
                () -> client.tagImageCmd(imageId, repository, tag).exec());
    }

    /** Takes a name away, and with the last name the image where no container uses it. */
    public void removeTag(String name) throws StepFailure, InterruptedException {
        calls.call("removing image name " + name, Duration.ofMinutes(2), () -> {
            try {
                return client.removeImageCmd(name).exec();
            } catch (NotFoundException e) {
                return null;
            }
        });
    }

    /** Images with a name that matches {@code pattern}, e.g. {@code rollback-guard/*}. */
    public List<EngineImage> named(String pattern) throws StepFailure, InterruptedException {
        return calls.call("listing images " + pattern, () -> {
            var found = new ArrayList<EngineImage>();
            for (var i : client.listImagesCmd().withReferenceFilter(pattern).exec()) {
                found.add(new EngineImage(
                        i.getId(),
                        i.getRepoTags() == null ? List.of() : List.of(i.getRepoTags()),
                        Instant.ofEpochSecond(i.getCreated()),
                        i.getSize(),
                        i.getLabels() == null ? Map.of() : i.getLabels()));
            }
            return List.copyOf(found);
        });
    }

    /** Bytes of all layers on this engine, each counted once; empty when the engine does not tell. */
    public OptionalLong layersSize() throws StepFailure, InterruptedException {
        return calls.call("measuring images", Duration.ofMinutes(2), () -> {
            var request = DockerHttpClient.Request.builder()
                    .method(DockerHttpClient.Request.Method.GET)
                    .path("/v" + apiVersion + "/system/df?type=image")
                    .build();
            // docker-java has no command for it.
            try (var response = ((DockerClientImpl) client).getHttpClient().execute(request)) {
                var matcher = LAYERS.matcher(new String(response.getBody().readAllBytes(), StandardCharsets.UTF_8));
                return matcher.find() ? OptionalLong.of(Long.parseLong(matcher.group(1))) : OptionalLong.empty();
            }
        });
    }

    /** Removes the nameless images that compose built for a project and no container uses. Returns bytes. */
    public long pruneDangling(String project) throws StepFailure, InterruptedException {
        return calls.call("pruning images of " + project, Duration.ofMinutes(5), () -> {
            var reclaimed = client.pruneCmd(PruneType.IMAGES)
                    .withDangling(true)
                    .withLabelFilter(EngineContainer.PROJECT + "=" + project)
                    .exec()
                    .getSpaceReclaimed();
            return reclaimed == null ? 0L : reclaimed;
        });
    }

    /** How many images {@link #pruneDangling} may remove. */
    public int dangling(String project) throws StepFailure, InterruptedException {
        return calls.call(
                "listing dangling images of " + project,
                () -> client.listImagesCmd()
                        .withDanglingFilter(true)
                        .withLabelFilter(EngineContainer.PROJECT + "=" + project)
                        .exec()
                        .size());
    }
}
