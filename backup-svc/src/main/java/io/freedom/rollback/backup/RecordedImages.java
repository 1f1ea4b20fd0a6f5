package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;

/** What the platform's containers ran, as the step that recorded them has left it in the restore point. */
record RecordedImages(EngineProvider engines) {
    private static final Path STATE = Path.of("containers", "state.json");

    /** The part of it that is of use here. */
    private record State(List<Container> containers) {}

    private record Container(String service, String image, String imageId) {}

    /** Each image of each service once; empty where nobody recorded containers. */
    List<Manifest.Image> of(RestorePoint point) throws IOException, InterruptedException {
        var file = point.directory().resolve(STATE);
        if (!Files.isRegularFile(file)) {
            return List.of();
        }
        var digests = new HashMap<String, List<String>>();
        var images = new LinkedHashSet<Manifest.Image>();
        for (var container : Json.read(file, State.class).containers()) {
            var id = container.imageId();
            var known = digests.get(id);
            if (known == null) {
                known = digests(id);
                digests.put(id, known);
            }
            images.add(new Manifest.Image(container.service(), container.image(), id, known));
        }
        return List.copyOf(images);
    }

    /** By which registries know it. An engine that does not answer keeps no restore point from being complete: the id says which image it was. */
    private List<String> digests(String imageId) throws InterruptedException {
        try {
            return engines.engine().images().digests(imageId);
        } catch (StepFailure e) {
            return List.of();
        }
    }
}
