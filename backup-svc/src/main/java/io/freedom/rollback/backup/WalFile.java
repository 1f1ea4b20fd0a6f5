package io.freedom.rollback.backup;

import io.freedom.rollback.vault.Vault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A file that holds a segment of WAL, whole or so far. {@code pg_receivewal} names it as {@code pg_wal} does, {@code .partial} while it is written;
 * sealed, it has the suffixes of the {@link Vault} as well.
 *
 * @param segment number of its segment
 * @param name of the segment, with its timeline, e.g. "000000010000000000000003"
 * @param isPartial whether it was not finished
 */
record WalFile(Path path, long segment, String name, boolean isPartial) {
    /** The one that recovery needs later comes later; of the same segment, the better one. */
    private static final Comparator<WalFile> ORDER = Comparator.comparing(WalFile::segment)
            .thenComparing(WalFile::name)
            .thenComparing(WalFile::isPartial, Comparator.reverseOrder())
            .thenComparing(WalFile::isPlain, Comparator.reverseOrder());

    private static final String PARTIAL = ".partial";
    private static final Pattern NAME = Pattern.compile("([0-9A-F]{24})(\\.partial)?(?:\\.zst)?(?:\\.age)?");

    /** Empty for other files, such as histories of timelines and what is not complete under its name. */
    static Optional<WalFile> of(Path path, long segmentSize) {
        var name = NAME.matcher(String.valueOf(path.getFileName()));
        if (!name.matches()) {
            return Optional.empty();
        }
        return Lsn.segmentOf(name.group(1), segmentSize)
                .map(segment -> new WalFile(path, segment, name.group(1), name.group(2) != null));
    }

    /** In the order of recovery. */
    static List<WalFile> in(Path folder, long segmentSize) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (var all = Files.list(folder)) {
            return in(all.toList(), segmentSize);
        }
    }

    static List<WalFile> in(List<Path> files, long segmentSize) {
        return files.stream()
                .flatMap(file -> of(file, segmentSize).stream())
                .sorted(ORDER)
                .toList();
    }

    /** The best file of each segment, in the order of recovery, by name. */
    static TreeMap<String, WalFile> best(List<WalFile> sorted) {
        var best = new TreeMap<String, WalFile>(
                Comparator.comparing((String name) -> name.substring(8)).thenComparing(Comparator.naturalOrder()));
        sorted.forEach(file -> best.put(file.name(), file));
        return best;
    }

    /** As the server or {@code pg_receivewal} wrote it. */
    boolean isPlain() {
        return path.getFileName().toString().length() == name.length() + (isPartial ? PARTIAL.length() : 0);
    }

    /** What it was called before it was sealed. */
    Path plain() {
        return path.resolveSibling(name + (isPartial ? PARTIAL : ""));
    }

    /** The best file that there is now: meanwhile it may have been finished, or sealed. */
    Path now() throws NoSuchFileException {
        for (var plain : List.of(path.resolveSibling(name), path.resolveSibling(name + PARTIAL))) {
            var found = Vault.find(plain);
            if (found.isPresent() && Files.isRegularFile(found.get(), LinkOption.NOFOLLOW_LINKS)) {
                return found.get();
            }
        }
        throw new NoSuchFileException(path.toString());
    }
}
