package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.CopyContainerData;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One attempt to archive a folder of a container, into a file that is there whole or not at all. */
final class ContainerDataCopy {
    /**
     * What a program writes through memory that is mapped shows in a file's times only when its page is first written to since it was
     * last brought to disk, half a minute later: what was changed so soon before a reading may change unseen.
     */
    private static final Duration MAPPED = Duration.ofMinutes(2);

    private static final Pattern TORN =
            Pattern.compile("tar: \\./(.*): (file changed as we read it|File (shrank|removed) .*)");

    private final Engine engine;
    private final EngineContainer container;
    private final CopyContainerData action;
    private final RestorePoint point;
    private final Vault vault;
    private final InstantSource clock;
    private final StepContext step;
    private final Path plain;
    private final Tally tally;
    private final Map<String, Read> read = new HashMap<>();

    ContainerDataCopy(
            Engine engine,
            EngineContainer container,
            CopyContainerData action,
            RestorePoint point,
            Vault vault,
            InstantSource clock,
            StepContext step) {
        this.engine = engine;
        this.container = container;
        this.action = action;
        this.point = point;
        this.vault = vault;
        this.clock = clock;
        this.step = step;
        plain = point.containerData(action.getService());
        tally = new Tally(step);
    }

    /** As the engine copies it out. @return what is to be said of it; empty where there is no such folder */
    Optional<String> whole() throws IOException, StepFailure, InterruptedException {
        try {
            return archive(archive -> copyOut(archive, action.getPath(), ""));
        } catch (ContainerFiles.UnsuitedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Of large files only what is not known of the restore point before. @return as the other */
    Optional<String> changed() throws IOException, ContainerFiles.UnsuitedException, StepFailure, InterruptedException {
        var begun = clock.instant();
        var files = ContainerFiles.in(engine, container.id(), action.getPath(), clock);
        var before = files.large();
        var seen = ObjectPool.seen(
                point, "container data of %s, %s".formatted(action.getCompose().getProject(), action.getPath()), plain);
        return archive(archive -> {
            var known = known(before, seen);
            if (known.isEmpty()) {
                if (!copyOut(archive, action.getPath(), "")) {
                    return false;
                }
            } else {
                var said = files.read(known.keySet(), in -> take(archive, in, ""));
                noteTorn(said.stderr(), before);
            }
            var after = files.large();
            note(before, after, seen, begun);
            for (var file : known.entrySet()) {
                var found = Objects.requireNonNull(before.get(file.getKey()));
                if (found.isSteady(after.get(file.getKey()))) {
                    archive.addKnown(file.getKey(), found, file.getValue());
                } else {
                    readAgain(archive, files, file.getKey(), found, file.getValue());
                }
            }
            if (!known.isEmpty()) {
                readMissed(archive, files, after.keySet(), known.keySet());
            }
            seen.keep();
            return true;
        });
    }

    private interface Filling {
        /** False where there is nothing. */
        boolean fill(Archive archive)
                throws IOException, ContainerFiles.UnsuitedException, StepFailure, InterruptedException;
    }

    private Optional<String> archive(Filling filling)
            throws IOException, ContainerFiles.UnsuitedException, StepFailure, InterruptedException {
        var begun = clock.instant();
        try (var staging = Staging.beside(vault.sealed(plain, true))) {
            try (var archive = Archive.create(staging.path(), plain, point, vault, tally)) {
                if (!filling.fill(archive)) {
                    return Optional.empty();
                }
            }
            step.checkpoint();
            PartTimes.note(plain, begun, clock.instant());
            staging.publish();
            return Optional.of(tally.notes());
        }
    }

    /** The largest first, so many as tar can be told. */
    private Map<String, ObjectPool.Stored> known(Map<String, UnixStat> before, SeenFiles seen) throws IOException {
        var pool = ObjectPool.of(point, vault);
        var largestFirst = before.entrySet().stream()
                .sorted(Comparator.comparing(file -> -file.getValue().size()))
                .toList();
        var known = new LinkedHashMap<String, ObjectPool.Stored>();
        for (var file : largestFirst) {
            var sha256 = seen.sha256(file.getKey(), file.getValue());
            var stored = sha256.isPresent() ? pool.take(sha256.get(), point) : Optional.<ObjectPool.Stored>empty();
            stored.ifPresent(there -> known.put(file.getKey(), there));
        }
        known.keySet().retainAll(ContainerFiles.fitting(known.keySet()));
        return known;
    }

    /** False where there is no such file or folder. */
    private boolean copyOut(Archive archive, String path, String below) throws StepFailure, InterruptedException {
        var begun = new AtomicBoolean();
        try {
            engine.copyOut(
                    container.id(),
                    path,
                    in -> {
                        begun.set(true);
                        return take(archive, in, below);
                    },
                    _ -> {});
            return true;
        } catch (StepFailure e) {
            if (e.kind() == FailureKind.PRECONDITION && !begun.get()) {
                return false;
            }
            throw e;
        }
    }

    private long take(Archive archive, InputStream tar, String below) throws IOException, StepFailure {
        archive.addAll(tar, below, (name, size, sha256) -> read.put(name, new Read(size, sha256)));
        return tally.bytes();
    }

    /** What was read, and is as it was before, is known from now on. */
    private void note(Map<String, UnixStat> before, Map<String, UnixStat> after, SeenFiles seen, Instant begun) {
        Map<String, String> byInode = new HashMap<>();
        read.forEach((name, content) -> {
            var found = before.get(name);
            if (found == null) { // it was made, or has grown, while others were read
                tally.changedWhileRead(name);
            } else if (found.size() == content.size() && found.isSteady(after.get(name))) {
                byInode.put(found.inode(), content.sha256());
            } else {
                tally.changedWhileRead(name);
            }
        });
        // A tar has the content once for all the names of a file.
        before.forEach((name, found) -> {
            var sha256 = byInode.get(found.inode());
            if (sha256 != null && found.isSteady(after.get(name))) {
                seen.note(name, found, begun.minus(MAPPED), sha256);
            }
        });
    }

    /** It was known, and changed since it was looked at. */
    private void readAgain(
            Archive archive, ContainerFiles files, String name, UnixStat found, ObjectPool.Stored content)
            throws IOException, StepFailure, InterruptedException {
        if (copyOut(archive, files.path(name), name.substring(0, name.lastIndexOf('/') + 1))) {
            tally.changedWhileRead(name);
        } else {
            archive.addKnown(name, found, content); // deleted or renamed meanwhile: it was there when this began
        }
    }

    /** What had been left out by its former name, and came by another where tar had been already. */
    private void readMissed(Archive archive, ContainerFiles files, Set<String> after, Set<String> known)
            throws StepFailure, InterruptedException {
        for (var name : after) {
            boolean isMissed = !known.contains(name) && !read.containsKey(name);
            if (isMissed && copyOut(archive, files.path(name), name.substring(0, name.lastIndexOf('/') + 1))) {
                tally.changedWhileRead(name);
            }
        }
    }

    /** Large ones are looked at once more. */
    private void noteTorn(String said, Map<String, UnixStat> large) {
        said.lines().map(TORN::matcher).filter(Matcher::matches).forEach(torn -> {
            if (torn.group(2).startsWith("File removed")) {
                tally.leftOut(torn.group(1), "deleted meanwhile");
            } else if (!large.containsKey(torn.group(1))) {
                tally.changedWhileRead(torn.group(1));
            }
        });
    }

    private record Read(long size, String sha256) {}
}
