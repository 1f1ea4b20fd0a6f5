package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Compares files with what the manifest says about them. */
final class ManifestCheck {
    /**
     * Only here a file that the manifest does not name is a fault: logs, git state and the report are added to the same
     * directory by later steps.
     */
    private static final Set<String> OWNED = Set.of("database", "configuration", "modified", "models");

    private static final int NAMED = 10;

    private final RestorePoint point;
    private final List<Manifest.Entry> entries;
    private final List<String> faults = new ArrayList<>();

    private ManifestCheck(RestorePoint point, List<Manifest.Entry> entries) {
        this.point = point;
        this.entries = entries;
    }

    /** Every file. */
    static void all(RestorePoint point, Manifest manifest, StepContext step) throws IOException, StepFailure {
        var check = new ManifestCheck(point, manifest.files());
        check.compare(step);
        check.findExtra(point.directory());
        check.fail();
    }

    /** The files of a dump. */
    static void dump(RestorePoint point, Manifest manifest, Path dump, StepContext step)
            throws IOException, StepFailure {
        var below = point.directory().relativize(dump).toString() + "/";
        var entries = manifest.files().stream()
                .filter(entry -> entry.path().startsWith(below))
                .toList();
        if (entries.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the restore point " + point.directory() + " holds no dump at " + below + ": choose another");
        }
        var check = new ManifestCheck(point, entries);
        check.compare(step);
        check.findExtra(dump);
        check.fail();
    }

    private void compare(StepContext step) throws IOException {
        var progress = new Manifest.Progress(
                step, entries.stream().mapToLong(Manifest.Entry::size).sum());
        for (var entry : entries) {
            var file = point.directory().resolve(entry.path()).normalize();
            if (!file.startsWith(point.directory())) {
                faults.add(entry.path() + " lies outside");
            } else if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                faults.add(entry.path() + " is missing");
            } else if (isDifferent(entry, file, progress)) {
                faults.add(entry.path() + " was changed");
            }
        }
    }

    private boolean isDifferent(Manifest.Entry entry, Path file, Manifest.Progress progress) throws IOException {
        var attributes = TreeCopy.attributes(file);
        if (attributes.isDirectory() || attributes.isSymbolicLink() != (entry.link() != null)) {
            return true;
        }
        var found = Manifest.Entry.read(point.directory(), file, progress);
        return found.size() != entry.size()
                || !found.sha256().equals(entry.sha256())
                || !Objects.equals(found.link(), entry.link());
    }

    private void findExtra(Path below) throws IOException {
        var known = entries.stream().map(Manifest.Entry::path).collect(Collectors.toSet());
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
        throw new StepFailure(
                FailureKind.MISMATCH,
                "the restore point %s is not as its manifest says: %s%s. Do not restore from it; see what changed it"
                        .formatted(point.directory(), named, more));
    }
}
