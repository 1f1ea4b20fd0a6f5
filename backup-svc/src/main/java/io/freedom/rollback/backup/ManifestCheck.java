package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Compares files with what the manifest says about them. */
final class ManifestCheck {
    /**
     * Only here a file that the manifest does not name is a fault: logs, git state and the report are added to the same
     * directory by later steps.
     */
    private static final Set<String> OWNED = Set.of("database", "files", "data", RestorePoint.OBJECTS);

    private static final int NAMED = 10;
    /** For so long what was read back counts as read. */
    private static final Duration LATELY = Duration.ofHours(24);

    private final RestorePoint point;
    private final List<Manifest.Entry> entries;
    private final Vault vault;
    private final Instant now;
    private final List<String> faults = new ArrayList<>();

    private ManifestCheck(RestorePoint point, List<Manifest.Entry> entries, Vault vault, Instant now) {
        this.point = point;
        this.entries = entries;
        this.vault = vault;
        this.now = now;
    }

    /** Every file. */
    static void all(RestorePoint point, Manifest manifest, Vault vault, Instant now, StepContext step)
            throws IOException, StepFailure {
        parts(point, manifest, vault, now, step, _ -> true);
    }

    /** What was just taken: what it shares with others is not read again where that was done lately. */
    static String fresh(RestorePoint point, Manifest manifest, Vault vault, Instant now, StepContext step)
            throws IOException, StepFailure {
        var unread = new ArrayList<Manifest.Entry>();
        long known = 0;
        for (var entry : manifest.files()) {
            var file = point.directory().resolve(entry.path());
            if (isObject(entry)
                    && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    && Files.size(file) == entry.size()) {
                var read = ObjectPool.readBack(file);
                if (read != null && read.isAfter(now.minus(LATELY)) && !read.isAfter(now)) {
                    known += entry.size();
                    continue;
                }
            }
            unread.add(entry);
        }
        var check = new ManifestCheck(point, unread, vault, now);
        check.compare(step);
        check.findExtra(point.directory(), manifest.files());
        check.fail();
        return known == 0 ? "" : ", of which " + Disk.size(known) + " were read back with an earlier one";
    }

    /**
     * The files of dumps.
     *
     * @param copied name of the database whose dump is read and compared while it is copied, {@link ComparedDump}: here only that all of its files
     *     are there, and as long as they were
     */
    static void dumps(
            RestorePoint point,
            Manifest manifest,
            List<String> databases,
            @Nullable String copied,
            Vault vault,
            Instant now,
            StepContext step)
            throws IOException, StepFailure {
        var entries = new ArrayList<Manifest.Entry>();
        var unread = new ArrayList<Manifest.Entry>();
        for (var name : databases) {
            var dump = ComparedDump.folder(point, name);
            var its = manifest.below(dump);
            if (its.isEmpty()) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "the restore point " + point.directory() + " holds no dump at " + dump + ": choose another");
            }
            (name.equals(copied) ? unread : entries).addAll(its);
        }
        entries.addAll(
                manifest.below(point.directory().relativize(point.globals()).toString()));
        var check = new ManifestCheck(point, entries, vault, now);
        for (var entry : unread) {
            check.look(entry);
        }
        check.compare(step);
        check.findExtra(point.directory(), manifest.files());
        check.fail();
    }

    /** Those files whose paths, relative to the restore point, are wanted. */
    static void parts(
            RestorePoint point, Manifest manifest, Vault vault, Instant now, StepContext step, Predicate<String> wanted)
            throws IOException, StepFailure {
        var entries = manifest.files().stream()
                .filter(entry -> wanted.test(entry.path()))
                .toList();
        var check = new ManifestCheck(point, entries, vault, now);
        check.compare(step);
        check.findExtra(point.directory(), manifest.files());
        check.fail();
    }

    private static boolean isObject(Manifest.Entry entry) {
        return entry.path().startsWith(RestorePoint.OBJECTS + "/");
    }

    private void compare(StepContext step) throws IOException {
        var progress = new Manifest.Progress(
                step, entries.stream().mapToLong(Manifest.Entry::size).sum());
        for (var entry : entries) {
            var file = file(entry);
            if (isGone(entry, file)) {
                continue;
            }
            if (isDifferent(entry, file, progress)) {
                faults.add(entry.path() + " was changed");
                if (isObject(entry)) {
                    ObjectPool.of(point, vault).disown(file);
                }
            } else if (isObject(entry)) {
                ObjectPool.noteReadBack(file, now);
            }
        }
    }

    /** Reads nothing of it. */
    private void look(Manifest.Entry entry) throws IOException {
        var file = file(entry);
        if (!isGone(entry, file)) {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile() || entry.link() != null || attributes.size() != entry.size()) {
                faults.add(entry.path() + " was changed");
            }
        }
    }

    private Path file(Manifest.Entry entry) {
        return point.directory().resolve(entry.path()).normalize();
    }

    private boolean isGone(Manifest.Entry entry, Path file) {
        if (!file.startsWith(point.directory())) {
            faults.add(entry.path() + " lies outside");
            return true;
        }
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            faults.add(entry.path() + " is missing");
            return true;
        }
        return false;
    }

    private boolean isDifferent(Manifest.Entry entry, Path file, Manifest.Progress progress) throws IOException {
        var attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (attributes.isDirectory() || attributes.isSymbolicLink() != (entry.link() != null)) {
            return true;
        }
        var found = Manifest.Entry.read(point.directory(), file, progress);
        return found.size() != entry.size()
                || !found.sha256().equals(entry.sha256())
                || !Objects.equals(found.link(), entry.link());
    }

    private void findExtra(Path below, List<Manifest.Entry> all) throws IOException {
        var known = all.stream().map(Manifest.Entry::path).collect(Collectors.toSet());
        for (var file : Manifest.covered(below)) {
            var relative = point.directory().relativize(file);
            if (OWNED.contains(relative.getName(0).toString()) && !known.contains(relative.toString())) {
                faults.add(relative + " is not in the manifest");
            }
        }
    }

    private void fail() throws StepFailure {
        if (faults.isEmpty()) {
            return;
        }
        var named = String.join("; ", faults.subList(0, Math.min(NAMED, faults.size())));
        var more = faults.size() > NAMED ? " and " + (faults.size() - NAMED) + " more" : "";
        throw new StepFailure(FailureKind.MISMATCH, told(point, named + more));
    }

    static String told(RestorePoint point, String faults) {
        return "the restore point %s is not as its manifest says: %s. Do not restore from it; see what changed it"
                .formatted(point.directory(), faults);
    }
}
