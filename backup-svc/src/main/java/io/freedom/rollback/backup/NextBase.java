package io.freedom.rollback.backup;

import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.Vault;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the next base backup of a run is to be: what has changed since the last one, where the server can tell, or everything.
 *
 * @param after the last one; null for a full one
 * @param why it is a full one, though the server could give an incremental one; null otherwise
 */
record NextBase(@Nullable WalBase after, @Nullable String why) {
    /** As many are unpacked one after the other, and each has to be whole: a week of daily ones. */
    private static final int INCREMENTS = 6;

    private static final NextBase FULL = new NextBase(null, null);

    private static NextBase full(String why) {
        return new NextBase(null, why);
    }

    /**
     * @param run whose last base backup it may be incremental to
     * @param vault that manifests are kept by
     * @param checksums whether the server's pages have them
     * @param obstacle why the server cannot tell what has changed; empty where it can
     */
    static NextBase of(WalRun run, Vault vault, boolean checksums, Optional<String> obstacle) throws IOException {
        var complete = run.complete();
        if (obstacle.isPresent()) {
            return full(obstacle.get());
        }
        if (complete.isEmpty()) {
            return FULL;
        }
        var last = complete.getLast();
        if (run.isDistrusted(last)) {
            return full("recovery from the one before has failed");
        }
        var made = last.made();
        if (made == null
                || new BaseArchive(run.base(last.id()), vault).manifest().isEmpty()) {
            return full("the one before has no manifest beside it");
        }
        if (made.checksums() != checksums) {
            return full("the checksums of pages were switched " + (checksums ? "on" : "off"));
        }
        try {
            return after(last, run.chain(last));
        } catch (DamagedException e) {
            return full(String.valueOf(e.getMessage()));
        }
    }

    /** Once they are as large together as the full one, recovery would read more of changes than of data. */
    private static NextBase after(WalBase last, List<WalBase> chain) {
        var full = chain.getFirst();
        var increments = chain.subList(1, chain.size());
        if (increments.size() >= INCREMENTS) {
            return full(increments.size() + " follow the last full one");
        }
        long bytes = increments.stream().mapToLong(WalBase::bytes).sum();
        if (bytes >= full.bytes()) {
            return full("those that follow the last full one have become as large as that (" + Disk.size(bytes) + ")");
        }
        return new NextBase(last, null);
    }
}
