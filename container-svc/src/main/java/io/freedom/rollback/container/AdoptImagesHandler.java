package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.AdoptImages;
import io.freedom.rollback.schemas.action.ImagesAdopted;
import io.freedom.rollback.schemas.action.ImagesPrepared;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.util.LinkedHashMap;
import java.util.Map;

/** Gives the prepared images the names that compose looks for. */
final class AdoptImagesHandler implements StepHandler<AdoptImages> {
    private final EngineProvider engines;

    AdoptImagesHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<AdoptImages> action() {
        return AdoptImages.class;
    }

    @Override
    public Probe probe(AdoptImages action, StepContext step) throws StepFailure, InterruptedException {
        var names = names(step);
        return new NamedImages(engines.engine()).differing(names).isEmpty()
                ? new Probe.Applied(completed(names))
                : new Probe.NotApplied();
    }

    @Override
    public Completed execute(AdoptImages action, StepContext step) throws StepFailure, InterruptedException {
        var names = names(step);
        new NamedImages(engines.engine())
                .point(names, "it was built earlier in this rollback and pruned since; retry from PrepareImages", step);
        return completed(names);
    }

    private static Map<String, String> names(StepContext step) throws StepFailure {
        var names = new LinkedHashMap<String, String>();
        for (var image : step.input(ImagesPrepared.class).getImages()) {
            names.put(image.getImage(), image.getImageId());
        }
        return names;
    }

    private static Completed completed(Map<String, String> names) {
        return new Completed(
                ImagesAdopted.newBuilder().setImages(names.size()).build(),
                names.size() + " image names point to the target's images");
    }
}
