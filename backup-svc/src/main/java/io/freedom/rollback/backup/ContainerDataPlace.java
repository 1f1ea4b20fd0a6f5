package io.freedom.rollback.backup;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.KeyException;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;

/**
 * A folder of a container that is to be replaced. The engine unpacks a file over a folder by removing the folder first, also in a container
 * that does not run; it cannot remove where something is mounted, which is emptied then by a container of the same image and volumes.
 *
 * @param source of what is mounted there or around it; empty where nothing is
 * @param readOnly whether only what is mounted can be written to
 */
record ContainerDataPlace(
        Engine engine, EngineContainer container, Path path, Kind kind, String source, boolean readOnly) {
    private static final Duration BRIEF = Duration.ofMinutes(5);

    /** With what the image has of a shell. What cannot be removed is told. */
    private static final String EMPTY =
            "s=0; for f in \"$1\"/* \"$1\"/.[!.]* \"$1\"/..?*; do rm -rf -- \"$f\" || s=1; done; exit $s";

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
        return at(engine, container, details, place);
    }

    private static ContainerDataPlace at(Engine engine, EngineContainer container, ContainerDetails details, Path place)
            throws StepFailure {
        var kind = Kind.LAYER;
        var nearest = Path.of("/");
        var source = "";
        boolean writable = !details.readOnly();
        for (var mount : details.mounts()) {
            var mounted = Path.of(mount.destination()).normalize();
            if (mounted.startsWith(place) && !mounted.equals(place)) {
                throw refused(place, container, "something else is mounted in it, at " + mounted);
            }
            if (place.startsWith(mounted) && mounted.getNameCount() > nearest.getNameCount()) {
                kind = mounted.equals(place) ? Kind.MOUNT : Kind.IN_MOUNT;
                nearest = mounted;
                source = mount.source();
                writable = mount.writable();
            }
        }
        if (!writable) {
            throw refused(place, container, "it is read-only there");
        }
        return new ContainerDataPlace(engine, container, place, kind, source, details.readOnly());
    }

    private static StepFailure refused(Path place, EngineContainer container, String why) {
        return new StepFailure(
                FailureKind.PRECONDITION,
                "%s of %s cannot be replaced as a whole: %s; take its data out of the restore point by hand with `rollback-backups extract`"
                        .formatted(place, container.service(), why));
    }

    /** That it could be replaced. */
    void check() throws StepFailure, InterruptedException {
        if (container
                .isRunning()) { // an image without that program may have no links on the way either: it is taken at its
            // word
            var led = engine.exec(container.id(), List.of("readlink", "-f", path.toString()), Map.of(), BRIEF);
            if (led.succeeded() && !led.stdout().strip().equals(path.toString())) {
                throw refused(
                        path,
                        container,
                        "it leads over a link to " + led.stdout().strip());
            }
        }
        if (kind == Kind.MOUNT) {
            inItsVolumes("command -v rm >/dev/null && test -d \"$1\" && test -w \"$1\"", BRIEF);
        }
    }

    /** Opens it from its beginning. */
    interface Content {
        ArchiveReader open() throws IOException;
    }

    /**
     * Once this has begun, what was there is only in the copy that was taken of it.
     *
     * @param back it is that copy, which is put there also where something else cannot be removed
     */
    void replace(Content content, boolean back, StepContext step) throws StepFailure, InterruptedException {
        var name = path.getFileName().toString();
        if (kind != Kind.MOUNT) {
            put(content, name);
            return;
        }
        try {
            inItsVolumes(EMPTY, Duration.between(Instant.now(), step.deadline()));
        } catch (StepFailure e) {
            if (!back || e.kind() != FailureKind.PRECONDITION) {
                throw e;
            }
            step.progress(0, 0, "bytes", "something stays in " + path + ": " + e.text());
        }
        if (readOnly) { // the engine writes to nothing but the mount then, whose own rights stay as they are
            UnaryOperator<String> below = entry -> entry.substring(Math.min(entry.length(), name.length() + 1));
            engine.copyIn(container.id(), out -> write(content, out, List.of(), below), path.toString());
        } else {
            engine.copyIn(
                    container.id(),
                    out -> write(content, out, List.of(), entry -> entry),
                    String.valueOf(path.getParent()));
        }
    }

    /** Folders above it that a container which was made anew does not have are made. */
    private void put(Content content, String name) throws StepFailure, InterruptedException {
        for (var there = path.getParent(); there != null; there = there.getParent()) {
            var first = new ArrayList<TarArchiveEntry>();
            for (int i = there.getNameCount() + 1; i < path.getNameCount(); i++) {
                first.add(new TarArchiveEntry(path.subpath(there.getNameCount(), i) + "/"));
            }
            var place = path.subpath(there.getNameCount(), path.getNameCount()).toString();
            first.add(new TarArchiveEntry(place));
            try {
                engine.copyIn(
                        container.id(),
                        out -> write(content, out, first, entry -> place + entry.substring(name.length())),
                        there.toString());
                return;
            } catch (StepFailure e) {
                if (e.kind() != FailureKind.PRECONDITION || Disk.isFull(e) || there.getParent() == null) {
                    throw e;
                }
            }
        }
    }

    private static void write(
            Content content, OutputStream out, List<TarArchiveEntry> first, UnaryOperator<String> naming)
            throws IOException, StepFailure {
        try (var archive = content.open()) {
            archive.transferTo(out, first, naming);
        } catch (KeyException | DamagedException e) {
            throw Disk.failure(Path.of("restore point"), e);
        }
    }

    private void inItsVolumes(String script, Duration limit) throws StepFailure, InterruptedException {
        var purpose = container.labels().get(EngineContainer.PROJECT) + "/" + container.service();
        var result = engine.runInVolumesOf(container.id(), purpose, script, List.of(path.toString()), limit);
        if (!result.succeeded()) {
            throw refused(
                    path,
                    container,
                    "its image's own shell and rm, as root, cannot empty it"
                            + (result.stdout().isBlank()
                                    ? ""
                                    : " (" + result.stdout().strip() + ")"));
        }
    }
}
