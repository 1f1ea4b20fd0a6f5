package io.freedom.rollback.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the store is said to have of a WAL archive, and what goes from there: decided from listings. */
class StoredWalTest {
    private static final long SEGMENT = 16 << 20;
    private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");

    @TempDir
    private Path temp;

    private static StoredRun stored(String... paths) {
        var there = new LinkedHashMap<String, S3Store.Stored>();
        for (var path : paths) {
            var key = StoreKeys.ofRun("a", path);
            there.put(key, new S3Store.Stored(key, 1, NOON, ""));
        }
        return StoredRun.of(there).get("a");
    }

    private static String segment(int number) {
        return "wal/00000001" + Lsn.fileOf(number, SEGMENT) + ".zst.age";
    }

    private static WalBase base(String id, int segment) {
        return base(id, segment, null);
    }

    private static WalBase base(String id, int segment, @Nullable String after) {
        var start = new Lsn(segment * SEGMENT + 40).toString();
        return new WalBase(id, NOON, start, start, 0, 1, 1, new WalBase.Made(after, null, true, 1));
    }

    /** @param end in which segment our transaction ends */
    private static WalCovered covered(long seconds, long end, long transaction, boolean alone) {
        var at = NOON.plusSeconds(seconds);
        var written = new Lsn(end * SEGMENT + 100 + seconds).toString();
        var through = new Lsn(end * SEGMENT + 200 + seconds).toString();
        return new WalCovered(at, written, through, transaction, alone, at);
    }

    private WalRun run() throws Exception {
        return new WalArchive(temp).begin(new WalRun.About("a", "1", "15.18", "sha256:0", SEGMENT, NOON, null, null));
    }

    @Test
    void reachesToTheFirstSegmentThatIsMissing() {
        var there = stored(segment(3), segment(4), segment(6), "wal/00000002.history", "run.json");

        assertThat(there.reach(3, SEGMENT)).isEqualTo(4);
        assertThat(there.reach(5, SEGMENT)).isEqualTo(4);
        assertThat(there.reach(6, SEGMENT)).isEqualTo(6);
        assertThat(there.histories(SEGMENT)).containsExactly("wal/00000002.history");
    }

    @Test
    void coversNoMoreThanItsSegmentsWithATransactionBehindTheMoment() {
        var atTheEnd = new WalCovered(NOON, "0/4FFFFF0", "0/5000028", 1L, true, NOON);
        var known = List.of(covered(1, 3, 1, true), atTheEnd, covered(60, 6, 2, true));

        assertThat(WalRunCopy.covered(known, 2, SEGMENT)).isEmpty();
        assertThat(WalRunCopy.covered(known, 4, SEGMENT)).contains(known.getFirst());
        assertThat(WalRunCopy.covered(known, 5, SEGMENT)).contains(atTheEnd);
        assertThat(WalRunCopy.covered(known, 9, SEGMENT)).contains(known.getLast());
        assertThat(new WalCovered(NOON, "0/0", "0/3000000", null, null, null).lastSegment(SEGMENT))
                .as("what ends with a segment needs no other")
                .contains(2L);
    }

    @Test
    void marksTheLastOfEachSegmentAndForgetsEveryOtherOneOfTooMany() throws Exception {
        var run = run();
        for (int segment = 1; segment <= 132; segment++) {
            run.cover(covered(segment * 60L, segment, segment, true));
        }
        run.cover(covered(132 * 60 + 1, 132, 133, true));
        assertThat(run.marks()).hasSize(64 + 3);

        run.cover(covered(133 * 60, 133, 134, true));

        assertThat(run.marks()).extracting(WalCovered::at).isSorted().endsWith(NOON.plusSeconds(132 * 60 + 1));
        assertThat(run.covered().orElseThrow().at()).isEqualTo(NOON.plusSeconds(133 * 60));
    }

    @Test
    void knowsWhetherAnybodyElseHasCommitted() throws Exception {
        var run = run();
        run.cover(covered(0, 1, 700, true));
        var first = run.covered().orElseThrow();
        run.cover(covered(60, 1, 701, true));
        assertThat(first.isBehind(run.covered().orElseThrow())).as("ours alone").isFalse();
        run.cover(covered(120, 1, 702, false));
        assertThat(first.isBehind(run.covered().orElseThrow()))
                .as("not committed yet")
                .isFalse();
        run.cover(covered(180, 1, 703, true));
        assertThat(first.isBehind(run.covered().orElseThrow()))
                .as("perhaps committed now")
                .isTrue();
        var second = run.covered().orElseThrow();
        run.cover(covered(240, 1, 705, true));
        assertThat(second.isBehind(run.covered().orElseThrow())).isTrue();
    }

    @Test
    void readsWhatAReleaseBeforeHasWritten() throws Exception {
        var run = run();
        Files.writeString(
                run.folder().resolve("covered.json"), "{\"at\": \"2026-11-26T11:00:00Z\", \"lsn\": \"0/1000028\"}");

        run.cover(covered(0, 2, 700, true));

        assertThat(run.marks()).as("nobody knows what that needs").isEmpty();
        assertThat(run.covered().orElseThrow().changed()).isEqualTo(NOON);
    }

    @Test
    void removesTheBaseBackupThatIsGoneHereBeforeItsSegmentsOnceTheNextIsThere() {
        var there = stored(
                "run.json",
                segment(1),
                segment(2),
                segment(3),
                "base/20261126-1/base.tar.zst.age",
                "base/20261126-1/base.json",
                "base/20261126-2/base.json",
                "base/20261126-2/incremental.tar.zst.age",
                "base/20261126-3/base.tar.zst.age",
                "base/20261126-3/base.json");

        assertThat(StoredWalRetention.removedHere(
                        there, List.of(base("20261126-3", 3)), List.of(base("20261126-3", 3)), SEGMENT))
                .containsExactly(
                        "base/20261126-2/base.json",
                        "base/20261126-2/incremental.tar.zst.age",
                        "base/20261126-1/base.json",
                        "base/20261126-1/base.tar.zst.age",
                        segment(1),
                        segment(2));
        assertThat(StoredWalRetention.removedHere(there, List.of(), List.of(), SEGMENT))
                .isEmpty();
        assertThat(StoredWalRetention.removedHere(
                        there, List.of(base("20261126-4", 3)), List.of(base("20261126-4", 3)), SEGMENT))
                .as("it is not there yet")
                .isEmpty();
        var both = List.of(base("20261126-1", 1), base("20261126-3", 3));
        assertThat(StoredWalRetention.removedHere(there, both, both, SEGMENT))
                .as("lost rather than removed")
                .isEmpty();
        assertThat(StoredWalRetention.removedHere(there, both, both.subList(1, 2), SEGMENT))
                .as("the first is what the last is incremental to")
                .containsExactly(
                        "base/20261126-2/base.json", "base/20261126-2/incremental.tar.zst.age", segment(1), segment(2));
        assertThat(StoredWalRetention.all(there)).hasSize(10).startsWith("run.json");
    }

    @Test
    void takesAPredecessorThatIsGoneForLostRatherThanRemoved() {
        var there = stored(
                "run.json",
                segment(1),
                segment(2),
                "base/20261126-1/base.json",
                "base/20261126-2/base.json",
                segment(3));
        var left = List.of(base("20261126-2", 2, "20261126-1"));

        assertThat(StoredWalRetention.removedHere(there, left, left, SEGMENT)).isEmpty();
    }
}
