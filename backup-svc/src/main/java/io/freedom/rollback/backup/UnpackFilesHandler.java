package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.FilesUnpacked;
import io.freedom.rollback.schemas.action.UnpackFiles;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The slow part of bringing files back, while the platform serves on: read, compared with the manifest, and written beside the work tree. */
final class UnpackFilesHandler implements StepHandler<UnpackFiles> {
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    private static final int MOUNT_POINT = 4;
    private static final Pattern ESCAPED = Pattern.compile("\\\\(\\d{3})");

    private final Vault vault;
    private final InstantSource clock;

    UnpackFilesHandler(Vault vault, InstantSource clock) {
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<UnpackFiles> action() {
        return UnpackFiles.class;
    }

    @Override
    public Completed execute(UnpackFiles action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getRestorePoint());
        var manifest = Manifest.load(point, vault); // what only describes it can be mended
        return Proof.noting(point, vault, clock, step, () -> unpacked(action, point, manifest, step));
    }

    private Completed unpacked(UnpackFiles action, RestorePoint point, Manifest manifest, StepContext step)
            throws StepFailure, InterruptedException {
        var paths = WorkTreePaths.of(action.getWorkTree(), action.getPaths());
        var unpacked = UnpackedFiles.of(paths.workTree(), step.rollbackId());
        return Disk.work(unpacked.folder(), () -> {
            requireOneDisk(paths, unpacked.gitDirectory());
            var archives = archives(action, point);
            var names = new HashSet<String>();
            archives.forEach(
                    file -> names.add(point.directory().relativize(file).toString()));
            ManifestCheck.parts(point, manifest, vault, clock.instant(), step, names::contains);
            step.checkpoint();
            unpacked.remove();
            requireSpace(action, archives, point, unpacked.gitDirectory());
            unpacked.make();
            var tally = new Tally(step);
            for (var archive : archives) {
                try (var reader = ArchiveReader.open(archive, point, vault)) {
                    reader.extract(unpacked.folder(), tally);
                }
            }
            return new Completed(new FilesUnpacked(tally.files(), tally.bytes()), tally.detail("files"));
        });
    }

    private static List<Path> archives(UnpackFiles action, RestorePoint point) throws StepFailure {
        var archives = new ArrayList<Path>();
        if (action.getConfiguration()) {
            Vault.find(point.configuration()).ifPresent(archives::add);
        }
        if (action.getModels()) {
            Vault.find(point.models()).ifPresent(archives::add);
        }
        if (archives.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "restore point %s holds %s: choose another, see `rollbackctl backups show ID`"
                            .formatted(
                                    point.id(),
                                    !action.getModels()
                                            ? "no configuration"
                                            : action.getConfiguration()
                                                    ? "neither models nor configuration"
                                                    : "no models"));
        }
        return archives;
    }

    /** It is put in by renaming, which is as quick and as sure for gigabytes as for a byte, and ends at a disk's edge. */
    private static void requireOneDisk(WorkTreePaths paths, Path gitDirectory) throws IOException, StepFailure {
        var here = device(gitDirectory);
        var tree = paths.workTree().toRealPath();
        var mounts = mounts();
        var places = new ArrayList<>(paths.present());
        for (var absent : paths.absent()) { // where it would go
            var at = Path.of(absent).normalize();
            while (at != null && !Files.exists(tree.resolve(at), LinkOption.NOFOLLOW_LINKS)) {
                at = at.getParent();
            }
            places.add(at == null ? Path.of("") : at);
        }
        for (var path : places) {
            var place = tree.resolve(path).normalize();
            boolean isTree = place.equals(tree);
            boolean straight = isTree
                    || place.resolveSibling("")
                            .toRealPath()
                            .equals(place.resolveSibling("").normalize());
            boolean mounted = !isTree && mounts.stream().anyMatch(mount -> isAt(mount, tree, path));
            if (!straight || mounted || !device(place).equals(here)) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "%s is on another file system than %s, behind a link, or something is mounted there: it cannot be swapped in; take it out of the restore point by hand with `rollback-backups extract`, or leave that part out"
                                .formatted(place, gitDirectory));
            }
        }
    }

    /** A file of the same disk may be mounted as well. */
    private static List<Path> mounts() throws IOException {
        if (!Files.isReadable(MOUNTS)) {
            return List.of();
        }
        try (var lines = Files.lines(MOUNTS, StandardCharsets.ISO_8859_1)) {
            return lines.map(line -> line.split(" ")[MOUNT_POINT])
                    .map(point -> ESCAPED.matcher(point)
                            .replaceAll(octal -> Matcher.quoteReplacement(
                                    String.valueOf((char) Integer.parseInt(octal.group(1), 8)))))
                    .map(point -> new String(point.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                    .map(Path::of)
                    .toList();
        }
    }

    private static boolean isAt(Path mount, Path tree, Path path) {
        var place = tree.resolve(path);
        return mount.startsWith(place) || place.startsWith(mount) && mount.startsWith(tree) && !mount.equals(tree);
    }

    private static String device(Path path) throws IOException {
        return UnixStat.of(path).inode().replaceFirst(":.*", "");
    }

    private void requireSpace(UnpackFiles action, List<Path> archives, RestorePoint point, Path disk)
            throws IOException, StepFailure {
        long needed = action.getReserve();
        for (var archive : archives) {
            try (var reader = ArchiveReader.open(archive, point, vault)) {
                needed += reader.count().bytes();
            }
        }
        long free = Files.getFileStore(disk).getUsableSpace();
        if (free < needed) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "to put the files beside the present ones takes %s with what is to stay free, and %s are free at %s: free some"
                            .formatted(Disk.size(needed), Disk.size(free), disk));
        }
    }
}
