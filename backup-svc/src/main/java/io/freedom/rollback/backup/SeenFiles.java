package io.freedom.rollback.backup;

import io.freedom.rollback.vault.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the files of a work tree held when they were last read, by what the file system says of them: one of the same inode, size and
 * times holds the same. Lost or unreadable, all files are read again.
 */
final class SeenFiles {
    static final String SUFFIX = ".seen.json";
    /** A change so soon after a reading might not show in the times. */
    private static final Duration SETTLED = Duration.ofSeconds(2);

    private final Path file;
    private final Map<String, Seen> before;
    private final Map<String, Seen> now = new HashMap<>();

    /** A file as it was; times in nanoseconds since 1970. */
    record Seen(String inode, long size, long modified, long changed, String sha256) {
        static Seen of(UnixStat stat, String sha256) {
            return new Seen(stat.inode(), stat.size(), nanos(stat.modified()), nanos(stat.changed()), sha256);
        }

        private static long nanos(Instant at) {
            return at.getEpochSecond() * 1_000_000_000 + at.getNano();
        }
    }

    /** The content of the file on disk. */
    record Table(Map<String, Seen> files) {
        Table {
            files = files == null ? Map.of() : Map.copyOf(files);
        }
    }

    private SeenFiles(Path file, Map<String, Seen> before) {
        this.file = file;
        this.before = before;
    }

    static SeenFiles in(Path file) {
        try {
            return new SeenFiles(
                    file, Files.exists(file) ? Json.read(file, Table.class).files() : Map.of());
        } catch (IOException e) {
            return new SeenFiles(file, Map.of());
        }
    }

    /** Its hash, where it is the file that was read before. */
    Optional<String> sha256(String name, UnixStat found) {
        var seen = before.get(name);
        if (seen == null || !seen.equals(Seen.of(found, seen.sha256()))) {
            return Optional.empty();
        }
        now.put(name, seen);
        return Optional.of(seen.sha256());
    }

    /**
     * It was read whole, and was not changed meanwhile.
     *
     * @param began when the reading did
     */
    void note(String name, UnixStat found, Instant began, String sha256) {
        var changed = found.changed().isAfter(found.modified()) ? found.changed() : found.modified();
        if (changed.plus(SETTLED).isBefore(began)) {
            now.put(name, Seen.of(found, sha256));
        }
    }

    void keep() throws IOException {
        if (!now.equals(before)) {
            PrivateFiles.write(file, Json.text(new Table(now)));
        }
    }
}
