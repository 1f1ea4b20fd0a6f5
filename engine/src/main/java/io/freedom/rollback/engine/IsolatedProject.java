package io.freedom.rollback.engine;

import io.freedom.rollback.schemas.action.Isolation;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.Yaml;

/**
 * A resolved compose file, rewritten so that nothing of it is shared with the project that it is a copy of: other ports,
 * container, volume, network and image names, and folders of the copy. What cannot be kept apart is refused.
 */
final class IsolatedProject {
    /** Names of the images that a copy builds begin with it. */
    static final String IMAGES = "rollback-drill/";

    private static final int HIGHEST_PORT = 65_535;
    private static final Pattern PORTS = Pattern.compile("\\d{1,5}(?:-\\d{1,5})?");
    private static final Pattern SHORT =
            Pattern.compile("((?:\\[[0-9a-fA-F:.]*]|[^:]*):)?(\\d+(?:-\\d+)?)(:\\d+(?:-\\d+)?(?:/\\w+)?)");

    private final String project;
    private final Path directory;
    private final Isolation isolation;
    /** Names under which services build images, by those of the original. */
    private final Map<String, String> built = new TreeMap<>();

    private IsolatedProject(String project, Path directory, Isolation isolation) {
        this.project = project;
        this.directory = directory;
        this.isolation = isolation;
    }

    /**
     * @param resolved what {@code config} printed
     * @param directory of the copy
     */
    static String of(String resolved, String project, Path directory, Isolation isolation) throws StepFailure {
        var document = ComposeModel.document(resolved);
        var isolated = new IsolatedProject(project, directory, isolation);
        return new Yaml().dump(isolated.rewritten(document));
    }

    private Map<String, Object> rewritten(Map<String, Object> document) throws StepFailure {
        var services = ComposeModel.map(document.get("services"));
        services.forEach((name, value) -> {
            var service = ComposeModel.map(value);
            if (service.get("build") != null) {
                var image = service.get("image");
                built.putIfAbsent(image == null ? project + "-" + name : image.toString(), imageOf(name));
            }
        });
        var kept = new LinkedHashMap<>(document);
        kept.remove("name"); // said with -p
        var rewritten = new LinkedHashMap<String, Object>();
        for (var service : services.entrySet()) {
            rewritten.put(service.getKey(), service(service.getKey(), ComposeModel.map(service.getValue())));
        }
        kept.put("services", rewritten);
        kept.computeIfPresent("volumes", (_, volumes) -> named(volumes));
        refuseSharedVolumes(document);
        kept.computeIfPresent("networks", (_, networks) -> networks(networks));
        return ComposeModel.map(moved(kept));
    }

    private Map<String, Object> service(String name, Map<String, Object> original) throws StepFailure {
        var service = new LinkedHashMap<>(original);
        service.remove("container_name");
        var mode = String.valueOf(service.get("network_mode"));
        if (mode.equals("host") || mode.startsWith("container:")) {
            throw refused("service " + name + " has network_mode " + mode);
        }
        var image = service.get("image");
        if (image != null && built.containsKey(image.toString())) {
            service.put("image", built.get(image.toString()));
        } else if (image == null && service.get("build") != null) {
            service.put("image", imageOf(name));
        }
        service.put("labels", marked(service.get("labels")));
        if (service.get("build") instanceof Map<?, ?> build) {
            var untagged = ComposeModel.map(build);
            untagged.remove("tags"); // they would move names of the original
            service.put("build", untagged);
        }
        if (service.get("ports") instanceof List<?> ports) {
            var shifted = new ArrayList<Object>();
            for (var port : ports) {
                shifted.add(port(name, port));
            }
            service.put("ports", shifted);
        }
        if (service.get("networks") instanceof Map<?, ?> networks) {
            var free = new LinkedHashMap<String, Object>();
            for (var network : networks.entrySet()) {
                var settings = ComposeModel.map(network.getValue());
                settings.keySet().removeAll(List.of("ipv4_address", "ipv6_address", "mac_address"));
                free.put(Objects.toString(network.getKey()), settings);
            }
            service.put("networks", free);
        }
        if (service.get("volumes") instanceof List<?> mounts) {
            var own = new ArrayList<Object>();
            for (var mount : mounts) {
                own.add(mount(mount));
            }
            service.put("volumes", own);
        }
        return service;
    }

    /** In no compose project's own name space. */
    private String imageOf(String service) {
        var allowed = (project + "-" + service).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_.-]+", "-");
        return IMAGES + allowed;
    }

    /** What a drill has made is known by that, and nothing else is ever removed. */
    private Map<String, Object> marked(@Nullable Object labels) {
        var marked = new LinkedHashMap<String, Object>();
        if (labels instanceof List<?> entries) {
            entries.forEach(entry -> {
                var parts = String.valueOf(entry).split("=", 2);
                marked.put(parts[0], parts.length == 2 ? parts[1] : "");
            });
        } else {
            marked.putAll(ComposeModel.map(labels));
        }
        marked.put(EngineContainer.DRILL, isolation.getPlatform());
        return marked;
    }

    private Object port(String service, Object port) throws StepFailure {
        if (port instanceof Map<?, ?>) {
            var shifted = ComposeModel.map(port);
            var published = shifted.get("published");
            if (published != null) {
                shifted.put("published", shifted(service, published.toString()));
            }
            return shifted;
        }
        var matcher = SHORT.matcher(String.valueOf(port));
        return matcher.matches()
                ? Objects.requireNonNullElse(matcher.group(1), "")
                        + shifted(service, matcher.group(2))
                        + matcher.group(3)
                : port;
    }

    private String shifted(String service, String published) throws StepFailure {
        if (!PORTS.matcher(published).matches()) {
            throw refused("port " + published + " of service " + service + " cannot be read");
        }
        var ends = new ArrayList<String>();
        for (var end : published.split("-")) {
            int port = Integer.parseInt(end) + isolation.getPortOffset();
            if (port > HIGHEST_PORT) {
                throw refused("port " + end + " of service " + service + " becomes " + port
                        + ", which no machine has: choose a smaller --port-offset");
            }
            ends.add(Integer.toString(port));
        }
        return String.join("-", ends);
    }

    /** What is outside of the copy, also behind a link in it, is looked at and never written. */
    private Object mount(Object entry) throws StepFailure {
        var mount = ComposeModel.map(entry);
        if (String.valueOf(mount.get("source")).endsWith("docker.sock")) {
            throw refused("the engine's socket is mounted");
        }
        if ("bind".equals(mount.get("type")) && isOutside(Path.of(place(String.valueOf(mount.get("source")))))) {
            mount.put("read_only", true);
        }
        return mount.isEmpty() ? entry : mount;
    }

    private boolean isOutside(Path source) {
        try {
            return !(Files.exists(source) ? source.toRealPath() : source.normalize()).startsWith(home());
        } catch (IOException e) {
            return true;
        }
    }

    private Path home() throws IOException {
        return Files.exists(directory) ? directory.toRealPath() : directory.normalize();
    }

    /** Where a path of the original is in the copy. */
    private String place(String path) {
        return isWithin(path, isolation.getOriginal()) && !isWithin(path, directory.toString())
                ? directory + path.substring(isolation.getOriginal().length())
                : path;
    }

    private static boolean isWithin(String path, String folder) {
        return path.equals(folder) || path.startsWith(folder + "/");
    }

    private Map<String, Object> named(Object volumes) {
        var named = new LinkedHashMap<String, Object>();
        ComposeModel.map(volumes).forEach((key, value) -> {
            var volume = ComposeModel.map(value);
            volume.put("name", project + "_" + key);
            volume.put("labels", marked(volume.get("labels")));
            named.put(key, volume);
        });
        return named;
    }

    /** External ones, and those that a driver keeps at a place which the copy would have as well. */
    private static void refuseSharedVolumes(Map<String, Object> document) throws StepFailure {
        for (var entry : ComposeModel.map(document.get("volumes")).entrySet()) {
            var volume = ComposeModel.map(entry.getValue());
            var external = volume.get("external");
            if (external != null && !Boolean.FALSE.equals(external)) {
                throw refused("volume " + entry.getKey() + " is external");
            }
            var options = ComposeModel.map(volume.get("driver_opts"));
            if (!options.isEmpty() && !"tmpfs".equals(options.get("type"))
                    || !"local".equals(volume.getOrDefault("driver", "local"))) {
                throw refused(
                        "volume " + entry.getKey() + " has a driver or driver_opts that lead to a place of its own");
            }
        }
    }

    /** Of the copy alone; its addresses are chosen by the engine. */
    private Map<String, Object> networks(Object networks) {
        var own = new LinkedHashMap<String, Object>();
        ComposeModel.map(networks).forEach((key, value) -> {
            var network = ComposeModel.map(value);
            network.keySet().removeAll(List.of("external", "ipam"));
            network.put("name", project + "_" + key);
            network.put("labels", marked(network.get("labels")));
            own.put(key, network);
        });
        return own;
    }

    /** Paths below the original's directory, wherever they stand. */
    private Object moved(Object value) {
        return switch (value) {
            case Map<?, ?> map -> {
                var moved = new LinkedHashMap<String, Object>();
                map.forEach((key, entry) -> {
                    if (entry != null) {
                        moved.put(Objects.toString(key), moved(entry));
                    }
                });
                yield moved;
            }
            case List<?> list ->
                list.stream().filter(Objects::nonNull).map(this::moved).toList();
            case String text -> place(text);
            default -> value;
        };
    }

    private static StepFailure refused(String what) {
        return new StepFailure(
                FailureKind.PRECONDITION, what + ": a copy of this platform would share it, so there can be no drill");
    }
}
