package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the store has of a run of WAL: its objects by their paths in the run's folder. */
record StoredRun(String id, Map<String, S3Store.Stored> files) {
    private static final String SEGMENTS = "wal/";
    private static final String BASES = "base/";
    /** Of a segment, as `initdb` takes it. */
    private static final long SMALLEST = 1 << 20;

    private static final long LARGEST = 1 << 30;
    /** Of runs and base backups. Whatever else somebody has put there is none of ours, and names no folder here. */
    private static final Pattern ID = Pattern.compile("[0-9A-Za-z][0-9A-Za-z-]*");

    /** By id, the oldest first. @param there what the store has below {@link StoreKeys#WAL} */
    static TreeMap<String, StoredRun> of(Map<String, S3Store.Stored> there) {
        var runs = new TreeMap<String, StoredRun>();
        for (var stored : there.values()) {
            var path = stored.key().substring(StoreKeys.WAL.length());
            int slash = path.indexOf('/');
            if (slash > 0 && ID.matcher(path.substring(0, slash)).matches()) {
                var id = path.substring(0, slash);
                runs.computeIfAbsent(id, StoredRun::none).files().put(path.substring(slash + 1), stored);
            }
        }
        return runs;
    }

    static StoredRun none(String id) {
        return new StoredRun(id, new LinkedHashMap<>());
    }

    String key(String path) {
        return StoreKeys.ofRun(id, path);
    }

    boolean has(String path) {
        return files.containsKey(path);
    }

    boolean has(String path, long size) {
        var known = files.get(path);
        return known != null && known.size() == size;
    }

    /** One that is there. */
    S3Store.Stored file(String path) {
        return Objects.requireNonNull(files.get(path), path);
    }

    static String base(String base, String file) {
        return BASES + base + "/" + file;
    }

    /** Whether a base backup is there to its end. */
    boolean hasBase(String base) {
        return has(base(base, WalRun.BASE));
    }

    /** Ids of base backups of which anything is there. */
    NavigableSet<String> bases() {
        var ids = new TreeSet<String>();
        for (var path : files.keySet()) {
            int slash = path.startsWith(BASES) ? path.indexOf('/', BASES.length()) : -1;
            if (slash > 0 && ID.matcher(path.substring(BASES.length(), slash)).matches()) {
                ids.add(path.substring(BASES.length(), slash));
            }
        }
        return ids;
    }

    List<String> ofBase(String base) {
        return files.keySet().stream()
                .filter(path -> path.startsWith(base(base, "")))
                .toList();
    }

    /**
     * One of the small files, as text.
     *
     * @throws StepFailure MISMATCH where it is not what was sent there
     */
    String read(S3Store store, String path) throws IOException, StepFailure, InterruptedException {
        var text = new String(store.bytes(key(path)), StandardCharsets.UTF_8);
        if (!isOurs(path, text)) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    store.name(key(path)) + " is not what was sent there: somebody has changed or moved it");
        }
        return text;
    }

    /** Whether it says of itself what its place does, and nothing in it is out of the ordinary: others are computed from it. */
    boolean isOurs(String path, String text) {
        try {
            return switch (path) {
                case WalRun.ABOUT -> isOurs(Json.parse(text, Path.of(path), WalRun.About.class));
                case WalRun.COVERED -> {
                    var covered = Json.parse(text, Path.of(path), WalCovered.class);
                    yield covered.at() != null && isPosition(covered.lsn());
                }
                default -> {
                    var base = Json.parse(text, Path.of(path), WalBase.class);
                    yield path.equals(base(base.id(), WalRun.BASE))
                            && base.at() != null
                            && isPosition(base.startLsn())
                            && isPosition(base.endLsn());
                }
            };
        } catch (IOException e) {
            return false;
        }
    }

    private boolean isOurs(WalRun.About about) {
        return id.equals(about.id())
                && about.systemIdentifier() != null
                && about.serverVersion() != null
                && about.image() != null
                && about.began() != null
                && Long.bitCount(about.segmentSize()) == 1
                && about.segmentSize() >= SMALLEST
                && about.segmentSize() <= LARGEST;
    }

    /** What comes out of JSON may lack it, whatever its type says. */
    private static boolean isPosition(@Nullable String text) {
        return text != null && Lsn.of(text).isPresent();
    }

    /** In the order of recovery; their paths are those in the run's folder. */
    List<WalFile> segments(long segmentSize) {
        return WalFile.in(
                files.keySet().stream()
                        .filter(path -> path.startsWith(SEGMENTS))
                        .map(Path::of)
                        .toList(),
                segmentSize);
    }

    /** The last segment up to which none is missing, from one on; the one before where that is not there. */
    long reach(long first, long segmentSize) {
        var present = new TreeSet<Long>();
        segments(segmentSize).forEach(file -> present.add(file.segment()));
        long last = first - 1;
        while (present.contains(last + 1)) {
            last++;
        }
        return last;
    }

    /** What is no segment, such as the histories of timelines. */
    List<String> histories(long segmentSize) {
        return files.keySet().stream()
                .filter(path -> path.startsWith(SEGMENTS)
                        && WalFile.of(Path.of(path), segmentSize).isEmpty())
                .toList();
    }
}
