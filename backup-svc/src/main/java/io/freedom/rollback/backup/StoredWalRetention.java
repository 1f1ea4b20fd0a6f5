package io.freedom.rollback.backup;

import java.util.ArrayList;
import java.util.List;

/**
 * What of a WAL archive goes from the store, decided from listings alone. Each list is in the order in which it goes: half of what is removed is never
 * taken for whole.
 */
final class StoredWalRetention {
    private StoredWalRetention() {}

    /**
     * What was removed on disk of a run that is there: what is older than the oldest base backup that recovery can begin from, once the store has that
     * one. Base backups go before the segments that they need, and before those that they depend on.
     *
     * @param here complete base backups on disk
     * @param beginnings those of them that recovery can begin from, the oldest first
     */
    static List<String> removedHere(StoredRun there, List<WalBase> here, List<WalBase> beginnings, long segmentSize) {
        if (beginnings.isEmpty() || !there.hasBase(beginnings.getFirst().id())) {
            return List.of();
        }
        var oldest = beginnings.getFirst();
        var kept = here.stream().map(WalBase::id).toList();
        if (here.stream().flatMap(base -> base.after().stream()).anyMatch(id -> !kept.contains(id))) {
            return List.of(); // It was lost rather than removed: retention keeps what others are incremental to.
        }
        var surplus = new ArrayList<String>();
        for (var base : there.bases().descendingSet()) {
            if (base.compareTo(oldest.id()) < 0 && !kept.contains(base)) {
                surplus.addAll(firstly(there.ofBase(base), StoredRun.base(base, WalRun.BASE)));
            }
        }
        long needed = oldest.start().segment(segmentSize);
        for (var file : there.segments(segmentSize)) {
            if (file.segment() < needed) {
                surplus.add(file.path().toString());
            }
        }
        return surplus;
    }

    /** All of a run. */
    static List<String> all(StoredRun there) {
        return firstly(List.copyOf(there.files().keySet()), WalRun.ABOUT);
    }

    private static List<String> firstly(List<String> paths, String first) {
        var ordered = new ArrayList<String>();
        paths.stream().filter(first::equals).forEach(ordered::add);
        paths.stream().filter(path -> !path.equals(first)).forEach(ordered::add);
        return ordered;
    }
}
