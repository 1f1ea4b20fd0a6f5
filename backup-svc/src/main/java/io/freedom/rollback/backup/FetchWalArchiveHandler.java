package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.FetchWalArchive;
import io.freedom.rollback.schemas.action.WalArchiveFetched;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Brings back from the store what a moment is derived from, where the archive on disk does not have it, because the disk was lost; or where the latest is
 * asked for and the store reaches further than the disk.
 */
final class FetchWalArchiveHandler implements StepHandler<FetchWalArchive> {
    private final InstantSource clock;

    FetchWalArchiveHandler(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Class<FetchWalArchive> action() {
        return FetchWalArchive.class;
    }

    @Override
    public Completed execute(FetchWalArchive action, StepContext step) throws StepFailure, InterruptedException {
        var archive = WalArchive.of(action.getDirectory(), action.getPlatform());
        return Disk.work(archive.root(), () -> execute(action, archive, step));
    }

    private Completed execute(FetchWalArchive action, WalArchive archive, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        RecoveryWay here;
        try {
            here = here(action, archive);
        } catch (StepFailure missing) {
            if (missing.kind() != FailureKind.PRECONDITION) {
                throw missing;
            }
            try (var store = S3Store.open(action.getStore(), action.getPlatform(), step.secrets());
                    var stored = StoredWal.of(store)) {
                return fetch(action, archive, stored, store, missing, Instant.MIN, step);
            }
        }
        return action.getPointInTime().equals(RecoveryWay.LATEST)
                ? latest(action, archive, here, step)
                : isHere(here, "");
    }

    private static RecoveryWay here(FetchWalArchive action, WalArchive archive)
            throws IOException, StepFailure, InterruptedException {
        return RecoveryWay.find(archive, action.getPointInTime(), broken(archive));
    }

    private static Completed isHere(RecoveryWay way, String more) {
        return new Completed(
                new WalArchiveFetched(null, null, 0, 0L),
                "the archive on disk has it"
                        + (way.run().goesOn()
                                ? ""
                                : ", in a run that ends at " + way.covered().at())
                        + more);
    }

    /** Base backups on disk that lack one that they are incremental to, or the WAL that they begin with: the store may have it. */
    private static Set<WalBase> broken(WalArchive archive) throws IOException, InterruptedException {
        var broken = new HashSet<WalBase>();
        for (var run : archive.runs()) {
            for (var base : run.beginnings()) {
                try {
                    var _ = run.chain(base);
                    if (!run.holds(base.start())) {
                        broken.add(base);
                    }
                } catch (DamagedException e) {
                    broken.add(base);
                }
            }
        }
        return broken;
    }

    /** The disk may be one of before, or have a run that was fetched before others went on with it. */
    private Completed latest(FetchWalArchive action, WalArchive archive, RecoveryWay here, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        try (var store = S3Store.open(action.getStore(), action.getPlatform(), step.secrets())) {
            StoredWal stored;
            try {
                stored = StoredWal.of(store);
            } catch (StepFailure e) {
                // A server that is archived is ahead of the store: it is no reason to wait for that.
                return isHere(here, "; whether the store has what is newer is not known, for " + e.text());
            }
            try (stored) {
                return latest(action, archive, stored, store, step);
            }
        }
    }

    private Completed latest(
            FetchWalArchive action, WalArchive archive, StoredWal stored, S3Store store, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        // After what is there: that is archived here before.
        var here = here(action, archive);
        var until = here.covered().at();
        var there = stored.reach();
        if (there.isEmpty() || !there.get().isAfter(until)) {
            return isHere(
                    here,
                    there.map(at -> "; the store has no newer one than " + at).orElse("") + stored.passedOver());
        }
        var missing = new StepFailure(FailureKind.PRECONDITION, "the archive on disk ends at " + until);
        try {
            return fetch(action, archive, stored, store, missing, until, step);
        } catch (StepFailure e) {
            throw new StepFailure(
                    e.kind(),
                    "the store has what was committed until %s, and the archive on disk only until %s: %s; or name the moment %s to do with that"
                            .formatted(there.get(), until, e.text(), until),
                    e);
        }
    }

    /**
     * Passes over base backups that are damaged there, as deriving does over those on disk.
     *
     * @param missing why the archive on disk does not do
     * @param after what ends by then is of no use
     */
    private Completed fetch(
            FetchWalArchive action,
            WalArchive archive,
            StoredWal stored,
            S3Store store,
            StepFailure missing,
            Instant after,
            StepContext step)
            throws IOException, StepFailure, InterruptedException {
        PrivateFiles.createFolders(archive.root());
        var unusable = new LinkedHashMap<WalBase, StepFailure>();
        try (var _ = archive.use(step.rollbackId())) {
            while (true) {
                var way = stored.way(action.getPointInTime(), unusable, missing);
                if (!way.covered().at().isAfter(after)) {
                    throw unusable.values().stream().findFirst().orElse(missing);
                }
                var about = way.run().about();
                var run = new WalRun(archive.root().resolve(about.id()), about);
                requireOurs(run);
                var fetch = new WalRunFetch(store, stored.run(about.id()), run, action.getReserve(), step);
                try {
                    var chain = way.run().chain(way.base());
                    try {
                        var fetched = fetch.fetch(way, chain, clock.instant());
                        return new Completed(
                                fetched.result(), damaged(unusable.keySet()) + fetched.detail() + stored.passedOver());
                    } catch (StepFailure e) {
                        unusable.put(fetch.damaged(chain).orElseThrow(() -> e), e);
                    }
                } catch (DamagedException e) {
                    unusable.put(
                            way.base(),
                            new StepFailure(
                                    FailureKind.MISMATCH,
                                    stored.named(String.valueOf(e.getMessage()))
                                            + ": choose a moment that needs another base backup, or a restore point",
                                    e));
                }
            }
        }
    }

    private static String damaged(Set<WalBase> unusable) {
        return unusable.stream()
                .map(base -> "base backup " + base.id()
                        + " is damaged in the store, so one that does without it was taken; ")
                .collect(Collectors.joining());
    }

    /** What is archived here is not mixed with what comes. */
    private static void requireOurs(WalRun run) throws StepFailure {
        if (Files.exists(run.folder()) && !run.isFetched()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the store has that moment, in a run of WAL that is on disk with less: move " + run.folder()
                            + " away to have it fetched");
        }
    }
}
