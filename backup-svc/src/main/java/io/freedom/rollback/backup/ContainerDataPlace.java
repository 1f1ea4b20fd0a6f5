package io.freedom.rollback.backup;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A folder of a container that is to be replaced. The engine unpacks a file over a folder by removing the folder first, also in a container
 * that does not run; it cannot remove where something is mounted, which is emptied then by a container of the same image and volumes.
 */
record ContainerDataPlace(Engine engine, EngineContainer container, Path path, Kind kind) {
    private static final Duration BRIEF = Duration.ofMinutes(5);

    /** With what the image has of a shell. What cannot be removed is told. */
    private static final String EMPTY =
            "for f in \"$1\"/* \"$1\"/.[!.]* \"$1\"/..?*; do rm -rf -- \"$f\" || exit 1; done";

    enum Kind {
        /** In the container alone: gone when that is made anew. */
        LAYER,
        /** Below where a volume or a folder of the machine is mounted. */
        IN_MOUNT,
        /** Just where one is mounted. */
        MOUNT
    }

    static ContainerDataPlace of(Engine engine, EngineContainer container, String path)
            throws StepFailure, InterruptedException {
        var details = engine.details(container.id())
                .orElseThrow(() -> new StepFailure(
                        FailureKind.UNAVAILABLE, "container " + container.name() + " was removed meanwhile: retry"));
        var place = Path.of(path).normalize();
        if (!place.isAbsolute() || place.getParent() == null) {
            throw new StepFailure(
                    FailureKind.INVALID, "\"" + path + "\" is no folder inside a container: correct the descriptor");
        }
        return new ContainerDataPlace(engine, container, place, kind(details, place, container));
    }

    private static Kind kind(ContainerDetails details, Path place, EngineContainer container) throws StepFailure {
        var kind = Kind.LAYER;
        for (var mount : details.mounts()) {
            var mounted = Path.of(mount.destination()).normalize();
            if (mounted.equals(place)) {
                kind = Kind.MOUNT;
            } else if (mounted.startsWith(place)) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "%s of %s has something else mounted in it, at %s: its data cannot be replaced as a whole; take them out of the restore point by hand with `rollback-backups extract`"
                                .formatted(place, container.service(), mounted));
            } else if (place.startsWith(mounted) && kind == Kind.LAYER) {
                kind = Kind.IN_MOUNT;
            }
        }
        return kind;
    }

    /** That it could be emptied. */
    void check() throws StepFailure, InterruptedException {
        if (kind == Kind.MOUNT) {
            inItsVolumes("command -v rm >/dev/null && test -d \"$1\" && test -w \"$1\"");
        }
    }

    /** Once this has begun, what was there is only in the copy that was taken of it. */
    void empty() throws StepFailure, InterruptedException {
        if (kind == Kind.MOUNT) {
            inItsVolumes(EMPTY);
        }
    }

    private void inItsVolumes(String script) throws StepFailure, InterruptedException {
        var result = engine.runInVolumesOf(container.id(), script, List.of(path.toString()), BRIEF);
        if (!result.succeeded()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "%s of %s cannot be emptied by its image's own shell and rm, as root%s: it may be mounted read-only, or the image has neither; take its data out of the restore point by hand with `rollback-backups extract`"
                            .formatted(
                                    path,
                                    container.service(),
                                    result.stdout().isBlank()
                                            ? ""
                                            : " (" + result.stdout().strip() + ")"));
        }
    }
}
