package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineImages;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which image each name points to, and how to change that. Maps are image id by name. */
final class NamedImages {
    private final EngineImages images;

    NamedImages(Engine engine) {
        images = engine.images();
    }

    /**
     * Names that can be moved: a digest or an id always means the same image.
     *
     * @param services whose names they are; all when empty
     */
    static Map<String, String> recorded(ContainersRecorded recorded, List<String> services) {
        var names = new LinkedHashMap<String, String>();
        for (var container : Containers.recorded(recorded, services)) {
            var image = container.getImage();
            if (!image.contains("@")
                    && !image.startsWith("sha256:")
                    && !container.getImageId().startsWith(image)) {
                names.put(image, container.getImageId());
            }
        }
        return names;
    }

    Map<String, String> differing(Map<String, String> wanted) throws StepFailure, InterruptedException {
        var differing = new LinkedHashMap<String, String>();
        for (var name : wanted.entrySet()) {
            if (!images.id(name.getKey()).equals(Optional.of(name.getValue()))) {
                differing.put(name.getKey(), name.getValue());
            }
        }
        return differing;
    }

    /** @param advice what it means and what to do when an image is gone */
    void point(Map<String, String> wanted, String advice, StepContext step) throws StepFailure, InterruptedException {
        var differing = differing(wanted);
        // All are looked for before the first name moves: half the names would be neither version.
        for (var name : differing.entrySet()) {
            if (images.id(name.getValue()).isEmpty()) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "image %s (%s) is gone: %s"
                                .formatted(name.getKey(), Containers.shortened(name.getValue()), advice));
            }
        }
        for (var name : differing.entrySet()) {
            step.checkpoint();
            images.tag(name.getValue(), name.getKey());
        }
        var still = differing(wanted);
        if (!still.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "image names were moved by somebody else meanwhile: " + still.keySet()
                            + "; stop other builds and deployments, then retry");
        }
    }
}
