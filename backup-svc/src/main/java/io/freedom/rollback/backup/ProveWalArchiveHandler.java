package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ProveWalArchive;
import io.freedom.rollback.schemas.action.WalArchiveProven;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * Recovers a throwaway server from the newest base backup to where the WAL archive ends, and reads it through. Only a failure of kind MISMATCH says
 * something about the archive; all others are about the trial. Where nothing can be recovered, the next look takes another base backup.
 */
final class ProveWalArchiveHandler implements StepHandler<ProveWalArchive> {
    static final String PURPOSE = "prove-wal";

    /** Guarded: of one that is yet to come the server says nothing but an error. */
    private static final String STATUS = """
            SELECT CASE WHEN '%1$d'::xid8 < pg_snapshot_xmax(pg_current_snapshot())
                   THEN pg_xact_status('%1$d'::xid8) ELSE 'missing' END""";

    private final EngineProvider engines;
    private final Vault vault;
    private final InstantSource clock;

    ProveWalArchiveHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<ProveWalArchive> action() {
        return ProveWalArchive.class;
    }

    @Override
    public Completed execute(ProveWalArchive action, StepContext step) throws StepFailure, InterruptedException {
        var archive = WalArchive.of(action.getBackups(), action.getPlatform());
        return Disk.work(archive.root(), () -> {
            if (archive.runs().isEmpty()) {
                throw RecoveryWay.nothing(archive);
            }
            try (var _ = archive.use(step.rollbackId())) {
                return proven(new ArchiveRecovery(
                        engines.engine(),
                        vault,
                        WalFeed.Window.DEFAULT,
                        archive,
                        action.getPlatform(),
                        action.getCompose(),
                        action.getDatabase(),
                        action.getReserve(),
                        step));
            }
        });
    }

    private Completed proven(ArchiveRecovery recovery) throws StepFailure, InterruptedException {
        var begun = clock.instant();
        recovery.refresh();
        var archive = recovery.archive();
        var way = Disk.work(archive.root(), () -> RecoveryWay.find(archive, RecoveryWay.LATEST));
        try (var recovered = distrusting(way, () -> recovered(recovery, way))) {
            var lsn = distrusting(way, () -> reached(recovered));
            var read = RecoveredRows.of(recovered.server(), recovery.step());
            var until = way.covered().at().truncatedTo(ChronoUnit.MILLIS);
            var older = Disk.work(way.run().wal(), way.run()::gap);
            var took = Duration.between(begun, clock.instant());
            return new Completed(
                    WalArchiveProven.newBuilder()
                            .setBase(way.base().id())
                            .setUntil(until)
                            .setLsn(lsn)
                            .setServerVersion(read.version())
                            .setDatabases(read.databases())
                            .setTables(read.tables())
                            .setRows(read.rows())
                            .setChecked(read.unchecked() == null)
                            .setTook(took.toMillis())
                            .build(),
                    String.format(
                                    Locale.ROOT,
                                    "recovered from base backup %s to %s, with all that was committed until %s, in a throwaway PostgreSQL %s in %.1f s: %s",
                                    way.base().id(),
                                    lsn,
                                    until,
                                    read.version(),
                                    took.toMillis() / 1000.0,
                                    read.text())
                            + older.map(missing -> "; NOT the moments before: segment " + missing + " is missing")
                                    .orElse(""));
        }
    }

    private static Recovered recovered(ArchiveRecovery recovery, RecoveryWay way)
            throws StepFailure, InterruptedException {
        var run = way.run();
        var gap = Disk.work(run.wal(), () -> run.gap(way.base().start()));
        if (gap.isPresent()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "the WAL archive is damaged: segment " + gap.get() + " is missing in " + run.wal());
        }
        return recovery.start(way, recovery.cluster(way), PURPOSE);
    }

    /** The position, and the last transaction of our own that is known to be archived. */
    private static String reached(Recovered recovered) throws StepFailure, InterruptedException {
        var lsn = recovered.lsn();
        var transaction = recovered.way().covered().transaction();
        if (transaction != null) { // else noted by a release before
            var status = recovered.server().value("postgres", STATUS.formatted(transaction));
            if (!status.equals("committed")) {
                throw new StepFailure(
                        FailureKind.MISMATCH,
                        "the WAL archive is damaged: transaction " + transaction + ", which was archived, is "
                                + (status.isEmpty() ? "not known" : status) + " in what was recovered to " + lsn);
            }
        }
        return lsn;
    }

    private interface Attempt<T> {
        T make() throws StepFailure, InterruptedException;
    }

    /** From that base backup nobody gets to where the archive ends. */
    private static <T> T distrusting(RecoveryWay way, Attempt<T> attempt) throws StepFailure, InterruptedException {
        try {
            return attempt.make();
        } catch (StepFailure e) {
            if (e.kind() == FailureKind.MISMATCH) {
                Disk.work(way.run().folder(), () -> {
                    way.run().distrust(way.base(), e.text());
                    return way;
                });
            }
            throw e;
        }
    }
}
