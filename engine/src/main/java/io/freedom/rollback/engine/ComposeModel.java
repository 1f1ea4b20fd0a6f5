package io.freedom.rollback.engine;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * What a compose file defines. {@code config} prints YAML in versions 1 and 2 alike, so one reader is enough.
 *
 * @param secrets definitions of the top-level secrets, which builds may use
 */
public record ComposeModel(Map<String, ComposeService> services, Map<String, Object> secrets) {
    private static final int LONGEST = 32 << 20;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");

    public ComposeModel {
        services = Map.copyOf(services);
        secrets = Map.copyOf(secrets);
    }

    public Optional<ComposeService> service(String name) {
        return Optional.ofNullable(services.get(name));
    }

    static ComposeModel parse(String yaml) throws StepFailure {
        var services = new LinkedHashMap<String, ComposeService>();
        var document = document(yaml);
        for (var entry : map(document.get("services")).entrySet()) {
            requireName(entry.getKey());
            services.put(entry.getKey(), service(entry.getKey(), map(entry.getValue())));
        }
        return new ComposeModel(services, map(document.get("secrets")));
    }

    /** Compose takes one that begins with a hyphen, and where it stands among arguments takes it for an option. */
    private static void requireName(String service) throws StepFailure {
        if (!NAME.matcher(service).matches()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the compose file defines a service `" + service
                            + "`: rename it, to letters, digits, and `.`, `_` or `-` after the first");
        }
    }

    /** The top level of a YAML document, unresolved; empty when it is no mapping. */
    public static Map<String, Object> document(String yaml) throws StepFailure {
        var options = new LoaderOptions();
        options.setCodePointLimit(LONGEST);
        try {
            return map(new Yaml(new SafeConstructor(options)).load(yaml));
        } catch (YAMLException e) {
            throw new StepFailure(FailureKind.PRECONDITION, "compose file is no YAML: " + e.getMessage(), e);
        }
    }

    private static ComposeService service(String name, Map<String, Object> service) {
        var image = service.get("image");
        var build = service.get("build");
        return new ComposeService(
                name,
                image == null ? null : image.toString(),
                build instanceof String context ? Map.of("context", context) : map(build),
                names(service.get("depends_on")),
                replicas(service),
                service.get("ports") instanceof List<?> ports
                        ? ports.stream()
                                .flatMap(port -> HostPort.of(port).stream())
                                .toList()
                        : List.of());
    }

    private static int replicas(Map<String, Object> service) {
        var replicas = map(service.get("deploy")).getOrDefault("replicas", service.getOrDefault("scale", 1));
        return replicas instanceof Number number ? number.intValue() : 1;
    }

    /** Keys of a mapping, or the entries of a list. */
    private static List<String> names(@Nullable Object value) {
        return value instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.copyOf(map(value).keySet());
    }

    /** A mapping with its null values left out; empty for anything else. */
    public static Map<String, Object> map(@Nullable Object value) {
        var map = new LinkedHashMap<String, Object>();
        if (value instanceof Map<?, ?> entries) {
            entries.forEach((key, entry) -> {
                if (key != null && entry != null) {
                    map.put(Objects.toString(key), entry);
                }
            });
        }
        return map;
    }
}
