package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.CopyWalArchive;
import io.freedom.rollback.schemas.action.WalArchiveCopied;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Copies what is finished of a platform's WAL archive to the store, and removes there what is kept no longer. */
final class CopyWalArchiveHandler implements StepHandler<CopyWalArchive> {
    /** Before the step's deadline, so that there is time to say how far it is. */
    private static final Duration SPARE = Duration.ofSeconds(30);

    private final Vault vault;
    private final InstantSource clock;
    private final LargeUploads large = new LargeUploads();

    CopyWalArchiveHandler(Vault vault, InstantSource clock) {
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<CopyWalArchive> action() {
        return CopyWalArchive.class;
    }

    @Override
    public Completed execute(CopyWalArchive action, StepContext step) throws StepFailure, InterruptedException {
        var archive = WalArchive.of(action.getDirectory(), action.getPlatform());
        try (var store = S3Store.open(action.getStore(), action.getPlatform(), step.secrets())) {
            return Disk.work(archive.root(), () -> new Look(action, archive, store, step).completed());
        }
    }

    private final class Look {
        private final CopyWalArchive action;
        private final WalArchive archive;
        private final S3Store store;
        private final StepContext step;
        private final List<String> notes = new ArrayList<>();
        private @Nullable Instant from;
        private @Nullable Instant until;
        private @Nullable String fault;
        private boolean busy;
        private @Nullable String left;
        private long sent;
        private long done;
        private long missing;

        Look(CopyWalArchive action, WalArchive archive, S3Store store, StepContext step) {
            this.action = action;
            this.archive = archive;
            this.store = store;
            this.step = step;
        }

        Completed completed() throws IOException, StepFailure, InterruptedException {
            var there = StoredRun.of(store.list(StoreKeys.WAL));
            var own = archive.runs().reversed().stream()
                    .filter(run -> !run.isFetched())
                    .toList();
            large.forgetRemoved();
            var copies = new LinkedHashMap<WalRun, WalRunCopy>();
            for (var run : own) {
                var known = there.computeIfAbsent(run.about().id(), StoredRun::none);
                var copy = new WalRunCopy(store, vault, run, known, large, this::goesOn);
                copies.put(run, copy);
                missing += copy.missing();
            }
            for (var run : own) {
                var copy = Objects.requireNonNull(copies.get(run));
                if (!busy && !copy.send()) {
                    busy = true;
                    left = copy.left();
                }
                notes.addAll(copy.notes());
                reach(run, copy);
            }
            if (!busy) {
                remove(own, there);
            }
            fault = fault(own);
            var result = WalArchiveCopied.newBuilder()
                    .setFrom(from)
                    .setUntil(until)
                    .setFault(fault)
                    .setBusy(busy)
                    .setSent(sent)
                    .setNotes(notes)
                    .build();
            return new Completed(
                    result,
                    (until == null ? "no moment can be derived from the store yet" : "the store has all until " + until)
                            + ", " + Disk.size(sent) + " sent"
                            + (busy ? "; the next look goes on" + (left == null ? "" : " with " + left) : ""));
        }

        /** Of the newest that can be derived from. */
        private void reach(WalRun run, WalRunCopy copy) throws IOException, StepFailure, InterruptedException {
            var bases = copy.bases();
            var claimed = copy.claimed();
            boolean usable = !bases.isEmpty()
                    && claimed.isPresent()
                    && !claimed.get().at().isBefore(bases.getFirst().at());
            if (until == null && usable) {
                from = bases.getFirst().at();
                var covered = run.covered().orElse(claimed.get());
                // Where nothing was committed since then, all is there.
                until = (claimed.get().isBehind(covered) ? claimed.get() : covered)
                        .at()
                        .truncatedTo(ChronoUnit.MILLIS);
            }
        }

        private @Nullable String fault(List<WalRun> own) throws IOException {
            if (own.isEmpty()) {
                return null; // That nothing is archived is said by who archives.
            }
            var newest = own.getFirst();
            var covered = newest.covered();
            var reached = until == null ? newest.about().began() : until;
            if (covered.isEmpty()
                    || !reached.plusMillis(action.getRpo())
                            .isBefore(covered.get().at())) {
                return null;
            }
            return "%s, more than the rpo of %d min behind what is archived (%s): %s"
                    .formatted(
                            until == null
                                    ? "no moment can be derived from the store yet"
                                    : "the store has what was committed until " + until,
                            Duration.ofMillis(action.getRpo()).toMinutes(),
                            covered.get().at().truncatedTo(ChronoUnit.MILLIS),
                            reason(newest));
        }

        private String reason(WalRun newest) throws IOException {
            if (busy) {
                return "it is still being sent" + (left == null ? "" : ", " + left)
                        + "; see whether the way there is fast enough";
            }
            if (newest.complete().isEmpty()) {
                return "its first base backup is not complete yet";
            }
            return newest.hindrance()
                    .map(why -> "what is committed goes there once a segment is full, for " + why)
                    .orElse("the segment that it is in is not finished yet; see whether the WAL archive is well");
        }

        /** Nothing where the disk is gone rather than what was on it removed. */
        private void remove(List<WalRun> own, TreeMap<String, StoredRun> there)
                throws IOException, StepFailure, InterruptedException {
            boolean any = false;
            for (var run : own) {
                var begins = run.beginnings();
                // Before it reaches back as far as is kept, what the lost disk had is the only way there.
                any |= !begins.isEmpty() && begins.getFirst().at().isBefore(horizon());
                var known = there.get(run.about().id());
                if (known != null) {
                    remove(
                            known,
                            StoredWalRetention.removedHere(
                                    known, run.complete(), begins, run.about().segmentSize()));
                }
            }
            for (var known : there.values()) {
                if (any && !Files.exists(archive.root().resolve(known.id())) && isOver(known)) {
                    remove(known, StoredWalRetention.all(known));
                    notes.add("removed run " + known.id() + ", which the way back does not need any more");
                }
            }
        }

        private void remove(StoredRun known, List<String> paths) throws StepFailure, InterruptedException {
            for (var path : paths) {
                if (!goesOn(0, 0, "removing " + path)) {
                    busy = true;
                    return;
                }
                store.delete(List.of(known.key(path)));
                known.files().remove(path);
            }
        }

        /** By the rule of those on disk: a disk that was lost says nothing about what was on it. */
        private boolean isOver(StoredRun known) throws IOException, StepFailure, InterruptedException {
            if (!known.has(WalRun.ABOUT)) {
                return true; // It comes first and goes first.
            }
            try {
                var last = known.has(WalRun.COVERED)
                        ? read(known, WalRun.COVERED, WalCovered.class).at()
                        : read(known, WalRun.ABOUT, WalRun.About.class).began();
                return last.isBefore(horizon());
            } catch (StepFailure e) {
                if (e.kind() != FailureKind.MISMATCH) {
                    throw e;
                }
                notes.add("run " + known.id() + " stays in the store, for " + e.text());
                return false;
            }
        }

        private Instant horizon() {
            return clock.instant().minusMillis(action.getKeepFor());
        }

        private <T> T read(StoredRun known, String path, Class<T> type)
                throws IOException, StepFailure, InterruptedException {
            return Json.parse(known.read(store, path), Path.of(path), type);
        }

        private boolean goesOn(long bytes, long there, String what) {
            step.checkpoint();
            sent += bytes;
            done += there;
            step.progress(done, missing, "bytes", what);
            return clock.instant().isBefore(step.deadline().minus(SPARE));
        }
    }
}
