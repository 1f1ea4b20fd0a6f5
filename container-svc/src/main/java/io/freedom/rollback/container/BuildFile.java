package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.ComposeModel;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.Yaml;

/**
 * A compose file that holds nothing but resolved builds, each under the name we want. An override file would not do:
 * merged with the original, the further `tags` of a build stay and move live names.
 */
final class BuildFile implements AutoCloseable {
    private final Path file;

    private BuildFile(Path file) {
        this.file = file;
    }

    /** @param images name to build under, by service */
    static BuildFile write(ComposeModel model, Map<String, String> images, boolean legacy) throws StepFailure {
        var services = new LinkedHashMap<String, Object>();
        images.forEach((name, image) -> {
            var build = new HashMap<>(model.service(name).orElseThrow().build());
            build.remove("tags");
            services.put(name, Map.of("image", image, "build", build));
        });
        var document = new LinkedHashMap<String, Object>();
        if (legacy) {
            document.put("version", "3.8");
        }
        document.put("services", services);
        if (!model.secrets().isEmpty()) {
            document.put("secrets", model.secrets());
        }
        try {
            // Readable by the owner only: build arguments may be secrets.
            var file = Files.createTempFile("rollback-build-", ".yml");
            Files.writeString(file, new Yaml().dump(document));
            return new BuildFile(file);
        } catch (IOException e) {
            throw new StepFailure(FailureKind.TOOL, "cannot write a temporary compose file: " + e, e);
        }
    }

    Compose compose(String project, Path source) throws StepFailure, InterruptedException {
        return new Compose(new ComposeProject(project, source.toString(), List.of(file.toString()), null, null, null));
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
