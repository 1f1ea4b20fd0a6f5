package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineVolume;
import io.freedom.rollback.engine.EngineVolumes;
import io.freedom.rollback.worker.StepFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

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
        return of(volumes, project, List.of());
    }

    /** @param services whose containers have them mounted; any of the project when empty */
    static OwnVolumes of(EngineVolumes volumes, String project, List<String> services)
            throws StepFailure, InterruptedException {
        var own = new ArrayList<EngineVolume>();
        var shared = new ArrayList<String>();
        Predicate<EngineContainer> isOwner = c -> project.equals(c.labels().get(EngineContainer.PROJECT))
                && (services.isEmpty() || services.contains(c.service()));
        for (var volume : volumes.ofProject(project)) {
            var users = volumes.users(volume.name());
            if (!services.isEmpty() && users.stream().noneMatch(isOwner)) {
                continue;
            }
            if (!users.stream().allMatch(isOwner)) {
                shared.add(volume.name());
            } else {
                own.add(volume);
            }
        }
        return new OwnVolumes(own, shared);
    }

    OwnVolumes only(List<String> names) {
        return new OwnVolumes(
                own.stream().filter(volume -> names.contains(volume.name())).toList(),
                shared.stream().filter(names::contains).toList());
    }

    String sharedNote() {
        return shared.isEmpty() ? "" : "; used by containers of others, so they stay: " + String.join(", ", shared);
    }
}
