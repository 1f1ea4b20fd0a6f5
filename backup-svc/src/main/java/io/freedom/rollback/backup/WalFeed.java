package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Gives the WAL of an archive to a server that is being recovered, unsealed, a few segments ahead of what it asks for. So what it needs is neither on
 * this machine's disk in clear, nor all at once in the container; and what lies behind the moment that it recovers to is not even read.
 */
final class WalFeed {
    /** Inside, below a folder that every image has. */
    private static final String FOLDER = "rollback-wal";

    private static final String PARENT = "/var/lib";
    private static final String INSIDE = PARENT + "/" + FOLDER;
    private static final Duration BRIEF = Duration.ofMinutes(2);

    private static final int ATTEMPTS = 5;
    private static final String HISTORY = ".history";
    /** Beside a segment that is there to its end. */
    private static final String WHOLE = ".whole";
    /** In the place of one that cannot be read. */
    private static final String UNUSABLE = ".unusable";
    /** What the server will get if it asks. */
    private static final String NAMES = "names";

    private static final String SCRIPT_NAME = "restore";
    /** Whoever the server runs as: it says what it waits for, and takes what is there. Where it cannot even say it, recovery ends: that is no gap. */
    private static final String SCRIPT = """
            w=%s
            grep -qxF "$1" "$w/names" || exit 1
            case "$1" in *.history) exec cp "$w/$1" "$2";; esac
            echo "$1" > "$w/asking" && mv -f "$w/asking" "$w/asked" || exit 126
            until test -e "$w/$1.whole"; do
              if test -e "$w/$1.unusable"; then exit 1; fi
              sleep 0.1 2>/dev/null || sleep 1
            done
            exec cp "$w/$1" "$2"
            """.formatted(INSIDE);

    /** Of the server that is fed. */
    static final String SETTING = "-crestore_command=sh " + INSIDE + "/" + SCRIPT_NAME + " %f \"%p\"";

    /**
     * Bytes that are in the container at a time.
     *
     * @param ahead of what the server asks for
     * @param behind that stay: it may ask for some once more
     */
    record Window(long ahead, long behind) {
        static final Window DEFAULT = new Window(256L << 20, 512L << 20);
    }

    private final Path run;
    private final Vault vault;
    private final Window window;
    private final long segmentSize;
    private final List<WalFile> files;
    private final List<Path> histories;
    /** So many of {@link #files} it needs until it is consistent; they stay until it is far beyond. */
    private final int consistent;

    private int fed;
    private int removed;
    /** By their places in {@link #files}. */
    private final Map<Integer, StepFailure> unusable = new HashMap<>();
    /** Of what the server has asked for. */
    private @Nullable StepFailure refused;

    private WalFeed(
            Path run,
            Vault vault,
            Window window,
            long segmentSize,
            List<WalFile> files,
            List<Path> histories,
            int consistent) {
        this.run = run;
        this.vault = vault;
        this.window = window;
        this.segmentSize = segmentSize;
        this.files = files;
        this.histories = histories;
        this.consistent = consistent;
    }

    /** From where a base backup begins to what is fetched by now. */
    static WalFeed of(WalRun run, WalBase base, Vault vault, Window window) throws IOException, InterruptedException {
        long size = run.about().segmentSize();
        long first = base.start().segment(size);
        long end = base.end().segment(size);
        var files = run.best().stream()
                .filter(file -> file.segment() >= first && isWhole(file, size))
                .toList();
        int consistent =
                (int) files.stream().filter(file -> file.segment() <= end).count();
        try (var all = Files.list(run.wal())) {
            var histories =
                    all.filter(file -> file.toString().endsWith(HISTORY)).toList();
            return new WalFeed(run.folder(), vault, window, size, files, histories, consistent);
        }
    }

    /** One that is just being made has nothing in it. */
    private static boolean isWhole(WalFile file, long size) {
        try {
            return !file.isPlain() || Files.size(file.path()) == size;
        } catch (IOException e) {
            return true; // It was finished, or sealed, right now.
        }
    }

    /** Bytes in the container, at most. */
    static long room(WalRun run, WalBase base, Window window) {
        long size = run.about().segmentSize();
        long atFirst = base.end().segment(size) - base.start().segment(size) + 1;
        return atFirst * size + Math.max(window.ahead(), 2 * size) + Math.max(window.behind(), 2 * size);
    }

    private int segments(long bytes) {
        return (int) Math.max(2, bytes / segmentSize);
    }

    /** Before it starts. */
    void begin(Engine engine, String container) throws StepFailure, InterruptedException {
        var names = new StringBuilder();
        files.forEach(file -> names.append(file.name()).append('\n'));
        histories.forEach(file -> names.append(file.getFileName()).append('\n'));
        copyIn(engine, container, tar -> {
            var home = new TarArchiveEntry(FOLDER + "/");
            home.setMode(040777);
            tar.putArchiveEntry(home);
            tar.closeArchiveEntry();
            add(tar, SCRIPT_NAME, SCRIPT.getBytes(StandardCharsets.UTF_8));
            add(tar, NAMES, names.toString().getBytes(StandardCharsets.UTF_8));
            for (var history : histories) {
                add(tar, String.valueOf(history.getFileName()), Files.readAllBytes(history));
            }
        });
        feed(engine, container, 0);
    }

    /** While it recovers. What it cannot get is as good as missing, for the server: only it knows whether it needs that. */
    void goOn(Engine engine, String container) throws StepFailure, InterruptedException {
        var asked = engine.exec(container, List.of("cat", INSIDE + "/asked"), Map.of(), BRIEF)
                .stdout()
                .strip();
        for (int i = 0; i < files.size(); i++) {
            if (files.get(i).name().equals(asked)) {
                feed(engine, container, i);
                if (unusable.containsKey(i)) {
                    refused = unusable.get(i);
                    var marker = files.get(i).name() + UNUSABLE;
                    copyIn(engine, container, tar -> add(tar, marker, new byte[0]));
                }
                removeBefore(engine, container, i - segments(window.behind()));
            }
        }
    }

    private void feed(Engine engine, String container, int asked) throws StepFailure, InterruptedException {
        int until = Math.min(files.size(), asked + segments(window.ahead()));
        while (fed < until) {
            try {
                copyIn(engine, container, tar -> write(tar, until));
            } catch (StepFailure e) {
                // It matters once the server asks for it.
                if (!unusable.containsKey(fed)) {
                    throw e;
                }
                fed++;
            }
        }
    }

    private interface Content {
        void write(TarArchiveOutputStream tar) throws IOException, StepFailure;
    }

    private static void copyIn(Engine engine, String container, Content content)
            throws StepFailure, InterruptedException {
        engine.copyIn(
                container,
                out -> {
                    var tar = Archive.tar(out);
                    content.write(tar);
                    tar.finish();
                    tar.flush();
                },
                PARENT);
    }

    private void write(TarArchiveOutputStream tar, int until) throws IOException, StepFailure {
        while (fed < until) {
            var file = files.get(fed);
            try (var content = open(file)) {
                var entry = entry(file.name());
                entry.setSize(segmentSize);
                tar.putArchiveEntry(entry);
                copy(content, file, tar);
                tar.closeArchiveEntry();
            }
            add(tar, file.name() + WHOLE, new byte[0]);
            fed++;
        }
    }

    private InputStream open(WalFile file) throws IOException, StepFailure {
        for (int attempt = 1; ; attempt++) {
            try {
                return vault.open(file.now());
            } catch (NoSuchFileException e) {
                // It was finished or sealed between the two.
                if (attempt == ATTEMPTS) {
                    throw unusable(file, e);
                }
            } catch (IOException e) {
                throw unusable(file, e);
            }
        }
    }

    private void copy(InputStream content, WalFile file, OutputStream out) throws IOException, StepFailure {
        var buffer = new byte[1 << 16];
        long left = segmentSize;
        while (left > 0) {
            int n = read(content, buffer, (int) Math.min(buffer.length, left), file);
            if (n < 0) {
                throw unusable(file, new DamagedException(file.path() + " is cut short"));
            }
            out.write(buffer, 0, n);
            left -= n;
        }
        // Its last piece is what tells that it is whole.
        if (read(content, buffer, buffer.length, file) >= 0) {
            throw unusable(file, new DamagedException(file.path() + " is larger than a segment"));
        }
    }

    private int read(InputStream content, byte[] buffer, int length, WalFile file) throws StepFailure {
        try {
            return content.read(buffer, 0, length);
        } catch (IOException e) {
            throw unusable(file, e);
        }
    }

    private StepFailure unusable(WalFile file, IOException e) {
        var failure = e instanceof DamagedException
                ? new StepFailure(
                        FailureKind.MISMATCH,
                        "the WAL archive is damaged: " + e.getMessage()
                                + "; choose a moment before, or a restore point; or, where a store has it, move " + run
                                + " away and derive again",
                        e)
                : Disk.failure(file.path(), e);
        unusable.put(fed, failure);
        return failure;
    }

    private void removeBefore(Engine engine, String container, int index) throws StepFailure, InterruptedException {
        if (index <= consistent || index <= removed) {
            return;
        }
        var remove = new ArrayList<>(List.of("rm", "-f"));
        files.subList(removed, index).forEach(file -> remove.add(INSIDE + "/" + file.name()));
        engine.exec(container, remove, Map.of(), BRIEF);
        removed = index;
    }

    private static void add(TarArchiveOutputStream tar, String name, byte[] content) throws IOException {
        var entry = entry(name);
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
    }

    private static TarArchiveEntry entry(String name) {
        var entry = new TarArchiveEntry(FOLDER + "/" + name);
        entry.setMode(0100644);
        return entry;
    }

    /** Why it could not give what the server asked for; empty while it can. */
    Optional<StepFailure> unusable() {
        return Optional.ofNullable(refused);
    }

    int segments() {
        return files.size();
    }

    /** Of {@link #segments}. */
    int given() {
        return fed;
    }
}
