package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineVolume;
import io.freedom.rollback.engine.EngineVolumes;
import io.freedom.rollback.worker.StepFailure;
import java.util.ArrayList;
import java.util.List;

/**
 * The volumes of a project, as {@code down -v} means them: those that compose made for it. External ones carry no label of the
 * project; one that containers of others have mounted is left to them.
 *
 * @param shared names
 */
record OwnVolumes(List<EngineVolume> own, List<String> shared) {
    OwnVolumes {
        own = List.copyOf(own);
        shared = List.copyOf(shared);
    }

    static OwnVolumes of(EngineVolumes volumes, String project) throws StepFailure, InterruptedException {
        var own = new ArrayList<EngineVolume>();
        var shared = new ArrayList<String>();
        for (var volume : volumes.ofProject(project)) {
            boolean others = volumes.users(volume.name()).stream()
                    .anyMatch(c -> !project.equals(c.labels().get(EngineContainer.PROJECT)));
            if (others) {
                shared.add(volume.name());
            } else {
                own.add(volume);
            }
        }
        return new OwnVolumes(own, shared);
    }

    String sharedNote() {
        return shared.isEmpty() ? "" : "; used by containers of others, so they stay: " + String.join(", ", shared);
    }
}
