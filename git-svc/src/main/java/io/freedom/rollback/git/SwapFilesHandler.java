package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.FilesSwapped;
import io.freedom.rollback.schemas.action.SwapFiles;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Files of a restore point take the place of those that are there, by renaming: the platform stands still meanwhile. What git tracks is left
 * to it, so that a folder with tracked files in it is swapped file by file, and any other as a whole.
 */
final class SwapFilesHandler extends GitStep<SwapFiles> {
    SwapFilesHandler(WorkTrees trees) {
        super(trees, SwapFiles.class);
    }

    @Override
    String workTree(SwapFiles action) {
        return action.getWorkTree();
    }

    @Override
    Probe look(SwapFiles action, Site site) throws IOException, StepFailure {
        var aside = SetAside.of(site.repository(), site.step().rollbackId());
        return aside.isDone()
                ? new Probe.Applied(completed(aside, List.of(), List.of(), Instant.now()))
                : new Probe.NotApplied();
    }

    @Override
    Completed act(SwapFiles action, Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        try (var lock = TreeLock.of(repository)) {
            var aside = SetAside.of(repository, site.step().rollbackId());
            var lacking = new ArrayList<String>();
            var left = new TreeSet<String>();
            if (!aside.isNoted()) { // else some is in its place by now, and looks as if nobody had put it there
                note(action, site, aside, lacking, left);
            }
            var entries = aside.entries();
            var incoming = aside.incoming();
            for (int i = 0; i < entries.size(); i++) {
                site.step().checkpoint();
                site.step().progress(i, entries.size(), "files", entries.get(i));
                swap(aside, entries.get(i), incoming.contains(entries.get(i)));
            }
            aside.removeRestored();
            aside.markDone();
            return completed(aside, lacking, List.copyOf(left), Instant.now());
        }
    }

    private static void note(SwapFiles action, Site site, SetAside aside, List<String> lacking, Set<String> left)
            throws IOException, StepFailure {
        if (!RealFiles.isDirectory(aside.restored())) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "what was unpacked of the restore point is not in " + aside.restored()
                            + " any more: start another rollback");
        }
        var tracked = Index.entries(site.repository().jgit().readDirCache()).stream()
                .map(entry -> entry.getPathString())
                .collect(Collectors.toSet());
        final var entries = new TreeSet<String>();
        for (var path : action.getPaths()) {
            var declared = relative(path);
            if (aside.isRestored(declared)) {
                entries.addAll(differing(declared, aside, site.repository().root(), tracked, left));
            } else {
                lacking.add(path);
            }
        }
        entries.removeIf(entry -> Trees.ancestors(entry).stream().anyMatch(entries::contains)); // it goes along
        entries.removeIf(entry -> {
            boolean holdsTracked = tracked.stream().anyMatch(path -> path.startsWith(entry + "/"));
            return holdsTracked && left.add(entry);
        });
        aside.noteIncoming(entries.stream().filter(aside::isRestored).toList());
        aside.noteAdded(entries.stream()
                .filter(entry -> aside.isRestored(entry) && !aside.isTaken(entry))
                .toList());
        aside.note(List.copyOf(entries));
    }

    /** What is to be moved below a declared path. */
    private static Set<String> differing(
            String declared, SetAside aside, Path root, Set<String> tracked, Set<String> left) throws IOException {
        boolean mixed = tracked.stream().anyMatch(path -> isAt(path, declared));
        if (!mixed) {
            return isSame(aside.restored().resolve(declared), root.resolve(declared)) ? Set.of() : Set.of(declared);
        }
        var files = new TreeSet<String>();
        files.addAll(files(aside.restored(), declared));
        files.addAll(files(root, declared));
        var differing = new TreeSet<String>();
        for (var file : files) {
            if (isSame(aside.restored().resolve(file), root.resolve(file))) {
                continue;
            }
            if (tracked.contains(file)) {
                left.add(file);
            } else {
                differing.add(file);
            }
        }
        return differing;
    }

    private static boolean isAt(String path, String declared) {
        return path.equals(declared) || path.startsWith(declared + "/");
    }

    private static Set<String> files(Path root, String declared) throws IOException {
        var place = root.resolve(declared);
        if (!Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
            return Set.of();
        }
        try (var found = Files.walk(place)) {
            return found.filter(path -> !RealFiles.isDirectory(path))
                    .map(path -> root.relativize(path).toString())
                    .collect(Collectors.toSet());
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Of files and links only, and as `rsync` does by size and time: to read large folders through takes longer than to swap them. */
    private static boolean isSame(Path restored, Path present) throws IOException {
        if (Files.isSymbolicLink(restored) && Files.isSymbolicLink(present)) {
            return Files.readSymbolicLink(restored).equals(Files.readSymbolicLink(present));
        }
        return Files.isRegularFile(restored, LinkOption.NOFOLLOW_LINKS)
                && Files.isRegularFile(present, LinkOption.NOFOLLOW_LINKS)
                && Files.readAttributes(restored, "unix:mode,uid,gid,size", LinkOption.NOFOLLOW_LINKS)
                        .equals(Files.readAttributes(present, "unix:mode,uid,gid,size", LinkOption.NOFOLLOW_LINKS))
                && (Files.getLastModifiedTime(restored).equals(Files.getLastModifiedTime(present))
                        || Files.mismatch(restored, present) < 0);
    }

    /** @param comes the restore point has it, too */
    private static void swap(SetAside aside, String entry, boolean comes) throws IOException, StepFailure {
        boolean waits = aside.isRestored(entry);
        if (!waits && (comes || aside.isAway(entry))) {
            if (comes && !aside.isTaken(entry)) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        entry + " of the restore point is neither in " + aside.restored()
                                + " any more nor in its place: somebody has removed it; `rollbackctl abort` brings back what was there");
            }
            return; // an attempt before has come so far
        }
        if (aside.isTaken(entry) && !aside.moveAway(entry)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "%s cannot be moved into %s: something is mounted there, it is on another disk, or the worker, running as %s, has no right to; see `findmnt -T` and `ls -ld`, or take it out of the restore point by hand with `rollback-backups extract`"
                            .formatted(entry, aside.folder(), System.getProperty("user.name")));
        }
        if (waits) {
            if (!aside.makeWayAsRestored(entry)) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "a link or a file stands for a folder on the way to " + entry + ": remove it, then retry");
            }
            aside.putIn(entry);
        }
    }

    private static String relative(String path) throws StepFailure {
        var given = Path.of(path);
        var relative = given.normalize();
        if (given.isAbsolute()
                || relative.startsWith("..")
                || relative.startsWith(".git")
                || relative.toString().isEmpty()) {
            throw new StepFailure(
                    FailureKind.INVALID,
                    "the path \"" + path + "\" does not name something below the work tree: correct the descriptor");
        }
        return relative.toString();
    }

    private static Completed completed(SetAside aside, List<String> lacking, List<String> tracked, Instant at)
            throws IOException {
        var changed = aside.entries();
        var result = FilesSwapped.newBuilder()
                .setChanged(changed.stream().limit(SetFilesAsideHandler.LISTED).toList())
                .setLacking(lacking)
                .setTracked(tracked.stream().limit(SetFilesAsideHandler.LISTED).toList())
                .setDirectory(aside.folder().toString())
                .setAt(at)
                .build();
        var text = changed.isEmpty()
                ? "all is as the restore point has it"
                : "put back: " + Names.few(changed) + "; what was there is in " + aside.files();
        if (!lacking.isEmpty()) {
            text += "; not in the restore point, and left as it is: " + Names.few(lacking);
        }
        if (!tracked.isEmpty()) {
            text += "; tracked by git, and left to it: " + Names.few(List.copyOf(tracked))
                    + " (configuration-rollback takes them to a tag)";
        }
        return new Completed(result, text);
    }
}
