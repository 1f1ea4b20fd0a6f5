package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.ImagesRestored;
import io.freedom.rollback.schemas.action.RestoreImages;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.util.Map;

/** Compensation of AdoptImages: the names point to the images that ran when the rollback began. */
final class RestoreImagesHandler implements StepHandler<RestoreImages> {
    static final String GONE = "the containers recorded at the start used it and nothing here has it any more;"
            + " load it (docker load), then retry";

    private final EngineProvider engines;

    RestoreImagesHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<RestoreImages> action() {
        return RestoreImages.class;
    }

    @Override
    public Probe probe(RestoreImages action, StepContext step) throws StepFailure, InterruptedException {
        var names = NamedImages.recorded(step.input(ContainersRecorded.class), action.getServices());
        return new NamedImages(engines.engine()).differing(names).isEmpty()
                ? new Probe.Applied(completed(names))
                : new Probe.NotApplied();
    }

    @Override
    public Completed execute(RestoreImages action, StepContext step) throws StepFailure, InterruptedException {
        var names = NamedImages.recorded(step.input(ContainersRecorded.class), action.getServices());
        new NamedImages(engines.engine()).point(names, GONE, step);
        return completed(names);
    }

    private static Completed completed(Map<String, String> names) {
        return new Completed(
                ImagesRestored.newBuilder().setImages(names.size()).build(),
                names.size() + " image names point to the images recorded at the start");
    }
}
