package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;

/** A throwaway server that was recovered as that way goes. Closing removes it. */
record Recovered(TrialServer server, WalFeed feed, RecoveryWay way) implements AutoCloseable {
    /** Up to which WAL is replayed; fails where that ends before what is known to be archived, though all was wanted. */
    String lsn() throws StepFailure, InterruptedException {
        var lsn = server.value("postgres", "SELECT pg_last_wal_replay_lsn()");
        var replayed = Lsn.of(lsn).orElse(new Lsn(0));
        if (!way.target().isEmpty() || replayed.compareTo(way.covered().position()) >= 0) {
            return lsn;
        }
        server.requireRoom();
        if (feed.unusable().isPresent()) {
            throw feed.unusable().get();
        }
        throw new StepFailure(
                FailureKind.MISMATCH,
                "the WAL archive is damaged: its replay ends at " + lsn + ", though all up to "
                        + way.covered().lsn()
                        + " was archived; choose a moment before, or a restore point; or, where a store has it, move "
                        + way.run().folder() + " away and derive again");
    }

    @Override
    public void close() {
        server.close();
    }
}
