package io.freedom.rollback.backup;

import io.freedom.rollback.vault.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is on disk of a platform's WAL archive: a folder for each run of WAL without a gap, with the base backups that were taken in it.
 * A gap begins another run, so that no recovery can cross one.
 */
record WalArchive(Path root) {
    /** In the folder that restore points are in. */
    static final String FOLDER = ".wal";

    /** Begins the name of what is being removed. */
    private static final String REMOVED = ".removed-";

    private static final String IN_USE = ".in-use-by-";
    private static final Duration LONGEST_USE = Duration.ofDays(1);

    static WalArchive of(String backups, String platform) {
        return new WalArchive(Path.of(backups).resolve(FOLDER).resolve(platform));
    }

    /** The oldest first. */
    List<WalRun> runs() throws IOException {
        var runs = new ArrayList<WalRun>();
        for (var folder : folders(root)) {
            if (!isHidden(folder) && Files.exists(folder.resolve(WalRun.ABOUT))) {
                runs.add(new WalRun(folder, Json.read(folder.resolve(WalRun.ABOUT), WalRun.About.class)));
            }
        }
        return runs;
    }

    private static boolean isHidden(Path folder) {
        return String.valueOf(folder.getFileName()).startsWith(".");
    }

    /** The one that goes on. */
    Optional<WalRun> current() throws IOException {
        return runs().stream().filter(WalRun::goesOn).reduce((_, newer) -> newer);
    }

    /** Of the archive, by something that reads it for long. */
    interface Use extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    /** While something is derived from it, nothing is removed. Closing ends that; what a killed worker leaves does in a day. */
    Use use(String rollbackId) throws IOException {
        var marker = root.resolve(IN_USE + rollbackId);
        PrivateFiles.write(marker, "");
        return () -> Files.deleteIfExists(marker);
    }

    private boolean isInUse(Instant now) throws IOException {
        for (var file : files(root)) {
            if (file.getFileName().toString().startsWith(IN_USE)) {
                if (Files.getLastModifiedTime(file).toInstant().isAfter(now.minus(LONGEST_USE))) {
                    return true;
                }
                Files.deleteIfExists(file);
            }
        }
        return false;
    }

    WalRun begin(WalRun.About about) throws IOException {
        var run = new WalRun(root.resolve(about.id()), about);
        PrivateFiles.createFolders(run.wal());
        PrivateFiles.createFolders(run.making());
        PrivateFiles.createFolders(run.bases());
        PrivateFiles.write(run.folder().resolve(WalRun.ABOUT), Json.text(about));
        return run;
    }

    /** Removes what reaches back further than that. Returns how many base backups went. */
    int prune(Duration keep, Instant now) throws IOException {
        int removed = 0;
        if (isInUse(now)) {
            return removed;
        }
        var horizon = now.minus(keep);
        for (var folder : folders(root)) {
            if (folder.getFileName().toString().startsWith(REMOVED) || isHalfFetched(folder, horizon)) {
                PrivateFiles.delete(folder);
            }
        }
        for (var run : runs()) {
            var covered = run.covered();
            boolean over = !run.goesOn()
                    && (covered.isEmpty() ? run.about().began() : covered.get().at()).isBefore(horizon)
                    && !(run.isFetched() && run.fetchedAt().isAfter(horizon));
            if (over) {
                removed += run.complete().size();
                // Without its first file it would be forgotten, with all the others.
                var aside = root.resolve(REMOVED + run.about().id());
                PrivateFiles.moveInto(run.folder(), aside);
                PrivateFiles.delete(aside);
                continue;
            }
            if (run.isFetched()) {
                continue; // It goes as it came.
            }
            removed += run.prune(horizon);
        }
        return removed;
    }

    /** By somebody who has long given up. */
    private static boolean isHalfFetched(Path folder, Instant horizon) throws IOException {
        var marker = folder.resolve(WalRun.FETCHED);
        return Files.exists(marker)
                && !Files.exists(folder.resolve(WalRun.ABOUT))
                && Files.getLastModifiedTime(marker).toInstant().isBefore(horizon);
    }

    long bytes() throws IOException {
        long bytes = 0;
        for (var run : runs()) {
            bytes += run.complete().stream().mapToLong(WalBase::bytes).sum();
            bytes += files(run.wal()).stream().mapToLong(WalArchive::size).sum();
        }
        return bytes;
    }

    /** Of a file that may be renamed or removed meanwhile. */
    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    static List<Path> folders(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (var all = Files.list(parent)) {
            return all.filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList();
        }
    }

    static List<Path> files(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (var all = Files.list(parent)) {
            return all.sorted().toList();
        }
    }
}
