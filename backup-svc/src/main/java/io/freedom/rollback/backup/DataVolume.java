package io.freedom.rollback.backup;

import io.freedom.rollback.engine.ContainerDetails.Mount;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Which volume a database server has its data in. */
final class DataVolume {
    /** Set by PostgreSQL's own images, and by most that are made of them. */
    private static final String DATA = "PGDATA";

    private DataVolume() {}

    /** Empty where its data are in no volume, or where nobody can tell; whether the server runs or not. */
    static Optional<String> of(Engine engine, EngineContainer server) throws StepFailure, InterruptedException {
        var details = engine.details(server.id());
        if (details.isEmpty()) {
            return Optional.empty();
        }
        var data = engine.environment(server.id(), DATA).map(Path::of);
        return mount(details.get().mounts(), data).map(Mount::volume).filter(volume -> !volume.isEmpty());
    }

    /** @param data the server's data directory; empty when not known */
    static Optional<Mount> mount(List<Mount> mounts, Optional<Path> data) {
        if (data.isEmpty()) {
            // Where else should they be?
            return mounts.size() == 1 ? Optional.of(mounts.getFirst()) : Optional.empty();
        }
        // Of two that are mounted one within the other, the inner one is seen.
        return mounts.stream()
                .filter(mount -> data.get().startsWith(mount.destination()))
                .max(Comparator.comparing(mount -> Path.of(mount.destination()).getNameCount()));
    }
}
