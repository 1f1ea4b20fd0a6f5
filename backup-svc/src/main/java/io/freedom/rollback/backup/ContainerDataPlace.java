package io.freedom.rollback.backup;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
        for (var at = path; at.getParent() != null; at = at.getParent()) {
            if (engine.entry(container.id(), at.toString())
                    .filter(Engine.Entry.LINK::equals)
                    .isPresent()) {
                throw refused(path, container, at + " is a link");
            }
        }
        if (kind == Kind.MOUNT) {
            inItsVolumes("command -v rm >/dev/null && test -d \"$1\" && test -w \"$1\"");
        }
    }

    /** Once this has begun, what was there is only in the copy that was taken of it. */
    void replace(ArchiveReader archive) throws StepFailure, InterruptedException {
        var name = path.getFileName().toString();
        if (kind != Kind.MOUNT) {
            put(archive, name);
            return;
        }
        inItsVolumes(EMPTY);
        if (readOnly) { // the engine writes to nothing but the mount then, whose own rights stay as they are
            engine.copyIn(
                    container.id(),
                    out -> write(
                            archive,
                            out,
                            List.of(),
                            entry -> entry.substring(Math.min(entry.length(), name.length() + 1))),
                    path.toString());
        } else {
            engine.copyIn(
                    container.id(),
                    out -> write(archive, out, List.of(), entry -> entry),
                    String.valueOf(path.getParent()));
        }
    }

    /** Folders above it that a container which was made anew does not have are made. */
    private void put(ArchiveReader archive, String name) throws StepFailure, InterruptedException {
        var there = path;
        do {
            there = Objects.requireNonNull(there.getParent());
        } while (there.getParent() != null
                && engine.entry(container.id(), there.toString()).isEmpty());
        var first = new ArrayList<TarArchiveEntry>();
        for (int i = there.getNameCount() + 1; i < path.getNameCount(); i++) {
            first.add(new TarArchiveEntry(path.subpath(there.getNameCount(), i) + "/"));
        }
        var place = path.subpath(there.getNameCount(), path.getNameCount()).toString();
        first.add(new TarArchiveEntry(place));
        engine.copyIn(
                container.id(),
                out -> write(archive, out, first, entry -> place + entry.substring(name.length())),
                there.toString());
    }

    private static void write(
            ArchiveReader archive, OutputStream out, List<TarArchiveEntry> first, UnaryOperator<String> naming)
            throws IOException, StepFailure {
        try {
            archive.transferTo(out, first, naming);
        } catch (KeyException | DamagedException e) {
            throw Disk.failure(Path.of("restore point"), e);
        }
    }

    private void inItsVolumes(String script) throws StepFailure, InterruptedException {
        var purpose = container.labels().get(EngineContainer.PROJECT) + "/" + container.service();
        var result = engine.runInVolumesOf(container.id(), purpose, script, List.of(path.toString()), BRIEF);
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
