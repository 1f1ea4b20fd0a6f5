package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What the store has of a platform's WAL, as an archive on disk without contents: so the way to a moment is found there by the code that finds it here. What is not as it was
 * sent is passed over, and said: what else is there is of use without it.
 */
final class StoredWal implements AutoCloseable {
    private final S3Store store;
    private final Map<String, StoredRun> runs;
    private final WalArchive mirror;
    private final List<String> passedOver = new ArrayList<>();

    private StoredWal(S3Store store, Map<String, StoredRun> runs, WalArchive mirror) {
        this.store = store;
        this.runs = runs;
        this.mirror = mirror;
    }

    static StoredWal of(S3Store store) throws IOException, StepFailure, InterruptedException {
        var runs = StoredRun.of(store.list(StoreKeys.WAL));
        var stored = new StoredWal(store, runs, new WalArchive(Files.createTempDirectory("rollback-")));
        try {
            for (var run : runs.values()) {
                stored.bring(run);
            }
            return stored;
        } catch (IOException | StepFailure | InterruptedException | RuntimeException e) {
            stored.close();
            throw e;
        }
    }

    /** One that a way leads through. */
    StoredRun run(String id) {
        return Objects.requireNonNull(runs.get(id), id);
    }

    /** Until when there is what can be derived from; empty where there is nothing. */
    Optional<Instant> reach() throws IOException, StepFailure {
        try {
            return Optional.of(
                    RecoveryWay.find(mirror, RecoveryWay.LATEST).covered().at());
        } catch (StepFailure e) {
            if (e.kind() != FailureKind.PRECONDITION) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /**
     * Found as on the disk, from the small files alone. Where none is left, the first failure tells what is wrong.
     *
     * @param unusable base backups, and why
     * @param missing why the archive on disk does not do
     */
    RecoveryWay way(String moment, Map<WalBase, StepFailure> unusable, StepFailure missing)
            throws IOException, StepFailure {
        try {
            return RecoveryWay.find(mirror, moment, unusable.keySet());
        } catch (StepFailure e) {
            if (!unusable.isEmpty()) {
                throw unusable.values().iterator().next();
            }
            if (e.kind() != FailureKind.PRECONDITION) {
                throw e;
            }
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    missing.text() + ". In the store " + store.name(StoreKeys.WAL) + ": "
                            + e.text().replace(mirror.root().toString(), "it") + passedOver(),
                    e);
        }
    }

    /** With the names that the store has for what is here. */
    String named(String text) {
        return text.replace(mirror.root().toString(), store.name(StoreKeys.WAL).replaceFirst("/$", ""));
    }

    /** For people: what is of no use, and why; begins with a semicolon, or is empty. */
    String passedOver() {
        return passedOver.stream().map(why -> "; passed over: " + why).collect(Collectors.joining());
    }

    private void bring(StoredRun run) throws IOException, StepFailure, InterruptedException {
        if (!run.has(WalRun.ABOUT)) {
            return; // It comes first and goes first.
        }
        try {
            var about = run.read(store, WalRun.ABOUT);
            var covered = run.has(WalRun.COVERED) ? run.read(store, WalRun.COVERED) : "";
            write(run, WalRun.ABOUT, about);
            if (!covered.isEmpty()) {
                write(run, WalRun.COVERED, covered);
            }
            nameSegments(run, Json.parse(about, Path.of(WalRun.ABOUT), WalRun.About.class));
        } catch (StepFailure e) {
            passOver(e);
            return;
        }
        for (var base : run.bases()) {
            var path = StoredRun.base(base, WalRun.BASE);
            if (run.has(path)) {
                try {
                    write(run, path, run.read(store, path));
                } catch (StepFailure e) {
                    passOver(e);
                }
            }
        }
    }

    private void passOver(StepFailure e) throws StepFailure {
        if (e.kind() != FailureKind.MISMATCH) {
            throw e;
        }
        passedOver.add(e.text());
    }

    private void write(StoredRun run, String path, String text) throws IOException {
        var file = mirror.root().resolve(run.id()).resolve(path);
        PrivateFiles.createParent(file);
        Files.writeString(file, text, StandardCharsets.UTF_8);
    }

    /** Which segments there are tells which base backups recovery can begin from. */
    private void nameSegments(StoredRun run, WalRun.About about) throws IOException {
        var folder = new WalRun(mirror.root().resolve(run.id()), about).wal();
        PrivateFiles.createFolders(folder);
        for (var segment : run.segments(about.segmentSize())) {
            var file = mirror.root().resolve(run.id()).resolve(segment.path()).normalize();
            if (folder.equals(file.getParent())) {
                Files.writeString(file, "");
            }
        }
    }

    @Override
    public void close() throws IOException {
        PrivateFiles.delete(mirror.root());
    }
}
