package io.freedom.rollback.backup;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.vault.Vault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is kept of a WAL archive, and for how long. */
class WalArchiveFilesTest {
    private static final long SEGMENT = 16 << 20;
    private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
    private static final Duration WEEK = Duration.ofDays(7);

    @TempDir
    private Path temp;

    private WalArchive archive;

    @BeforeEach
    void begin() {
        archive = WalArchive.of(temp.toString(), "freedom");
    }

    private WalRun run(String id) throws IOException {
        return archive.begin(new WalRun.About(id, "1", "15.18", "sha256:0", SEGMENT, NOON, null, null));
    }

    private static void base(WalRun run, String id, Instant at, String start) throws IOException {
        Files.createDirectories(run.making().resolve(id));
        var base = new WalBase(id, at, start, start, 0, 1, 1, null);
        run.finish(base);
        run.adopt(base);
    }

    private static void segments(WalRun run, int first, int last) throws IOException {
        for (int segment = first; segment <= last; segment++) {
            Files.createFile(
                    run.wal().resolve("00000001" + Lsn.fileOf(segment, SEGMENT) + (segment == last ? ".partial" : "")));
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void keepsTheBaseBackupThatTheWayBackBeginsFromAndTheWalSinceThen() throws IOException {
        var run = run("a");
        base(run, "1", NOON, "0/1000028");
        base(run, "2", NOON.plus(Duration.ofDays(1)), "0/3000028");
        base(run, "3", NOON.plus(Duration.ofDays(2)), "0/5000028");
        segments(run, 1, 6);
        Files.createFile(run.wal().resolve("00000002.history"));

        assertThat(archive.prune(WEEK, NOON.plus(Duration.ofDays(8)).minusSeconds(1)))
                .isZero();
        assertThat(names(run.wal())).hasSize(7);
        assertThat(archive.prune(WEEK, NOON.plus(Duration.ofDays(8)))).isEqualTo(1);

        assertThat(names(run.bases())).containsExactly("2", "3");
        assertThat(names(run.wal()))
                .containsExactly(
                        "000000010000000000000003",
                        "000000010000000000000004",
                        "000000010000000000000005",
                        "000000010000000000000006.partial",
                        "00000002.history");
    }

    @Test
    void keepsTheNewestBaseBackupHoweverOldItIs() throws IOException {
        var run = run("a");
        base(run, "1", NOON, "0/1000028");

        assertThat(archive.prune(WEEK, NOON.plus(Duration.ofDays(80)))).isZero();
        assertThat(run.complete()).hasSize(1);
    }

    @Test
    void removesARunThatHasEndedOnceNoMomentOfItIsKept() throws IOException {
        var run = run("a");
        base(run, "1", NOON, "0/1000028");
        run.cover(new WalCovered(NOON.plusSeconds(60), "0/2000000", null, null, null, null));
        run.end("test", NOON.plusSeconds(90));
        run("b");

        assertThat(archive.current().orElseThrow().about().id()).isEqualTo("b");
        assertThat(archive.prune(WEEK, NOON.plus(WEEK).plusSeconds(60))).isZero();
        assertThat(archive.prune(WEEK, NOON.plus(WEEK).plusSeconds(61))).isEqualTo(1);
        assertThat(archive.runs()).hasSize(1);
    }

    @Test
    void findsTheSegmentThatIsMissing() throws Exception {
        var run = run("a");
        segments(run, 1, 3);
        segments(run, 5, 6);
        assertThat(run.gap()).as("no base backup yet").isEmpty();
        base(run, "1", NOON, "0/5000028");
        assertThat(run.gap()).isEmpty();
        base(run, "0", NOON.minusSeconds(1), "0/2000028");
        assertThat(run.gap()).contains("0000000000000004");
    }

    @Test
    void knowsSealedOnes() throws Exception {
        var run = run("a");
        base(run, "1", NOON, "0/2000028");
        segments(run, 1, 4);
        seal(run, Duration.ofMinutes(1));

        assertThat(names(run.wal()))
                .as("the newest tells pg_receivewal where to go on")
                .containsExactly(
                        "000000010000000000000001.zst.age",
                        "000000010000000000000002.zst.age",
                        "000000010000000000000003.zst.age",
                        "000000010000000000000004.partial");
        assertThat(run.gap()).isEmpty();
        assertThat(run.holds(Lsn.of("0/3000028").orElseThrow())).isTrue();
        archive.prune(WEEK, NOON);
        assertThat(names(run.wal())).hasSize(3);
        var abandoned = run.wal().resolve(".partial-x-000000010000000000000002.zst.age");
        Files.writeString(abandoned, "of a killed worker");
        seal(run, Duration.ofMinutes(1));
        assertThat(abandoned).as("somebody may be writing it").exists();
        Files.setLastModifiedTime(abandoned, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        seal(run, Duration.ofMinutes(1));
        assertThat(abandoned).doesNotExist();
        Files.delete(run.wal().resolve("000000010000000000000003.zst.age"));
        assertThat(run.gap()).contains("0000000000000003");
    }

    private void seal(WalRun run, Duration budget) throws IOException {
        assertThat(new WalSealing(Vaults.VAULT, new RunningStep("rb")).seal(archive, budget))
                .as(run.about().id())
                .isEqualTo(budget.isZero());
    }

    @Test
    void sealsNoLongerThanALookMayTake() throws Exception {
        var run = run("a");
        segments(run, 1, 4);

        seal(run, Duration.ZERO);

        assertThat(run.finished()).hasSize(3).allMatch(WalFile::isPlain);
    }

    @Test
    void sealsAllOfARunThatHasEnded() throws Exception {
        var run = run("a");
        segments(run, 1, 2);
        run.end("test", NOON);

        seal(run, Duration.ofMinutes(1));

        assertThat(names(run.wal()))
                .containsExactly("000000010000000000000001.zst.age", "000000010000000000000002.partial.zst.age");
    }

    @Test
    void leavesThemPlainButCompressedWhereNothingIsEncrypted() throws Exception {
        var run = run("a");
        segments(run, 1, 3);
        var time = Files.getLastModifiedTime(run.wal().resolve("000000010000000000000001"));

        new WalSealing(new Vault(Vaults.KEYS, false, List.of()), new RunningStep("rb"))
                .seal(archive, Duration.ofMinutes(1));

        var compressed = run.wal().resolve("000000010000000000000001.zst");
        assertThat(names(run.wal())).contains("000000010000000000000002.zst", "000000010000000000000003.partial");
        assertThat(Files.getLastModifiedTime(compressed)).isEqualTo(time);
        seal(run, Duration.ofMinutes(1));
        assertThat(names(run.wal()))
                .as("sealed once it is wanted")
                .contains("000000010000000000000001.zst.age")
                .doesNotContain("000000010000000000000001.zst");
    }

    @Test
    void emptiesWhatWasHalfMadeAndKeepsItsName() throws Exception {
        var run = run("a");
        segments(run, 1, 2);
        var half = run.wal().resolve("000000010000000000000002.partial");
        Files.write(half, new byte[4096]);

        run.emptyHalfMade();

        assertThat(half).isEmptyFile();
    }

    @Test
    void prefersTheFinishedSegmentAndTheSealedFile() throws Exception {
        var run = run("a");
        for (var name : List.of(
                "000000010000000000000003.partial",
                "000000010000000000000002.zst.age",
                "000000010000000000000002.partial",
                "000000010000000000000002",
                "000000020000000000000003")) {
            Files.createFile(run.wal().resolve(name));
        }

        var best = WalFile.best(WalFile.in(run.wal(), SEGMENT));

        assertThat(best.values().stream().map(file -> file.path().getFileName().toString()))
                .containsExactly(
                        "000000010000000000000002.zst.age",
                        "000000010000000000000003.partial",
                        "000000020000000000000003");
        assertThat(best.firstEntry().getValue().now().getFileName()).hasToString("000000010000000000000002.zst.age");
    }

    @ParameterizedTest
    @CsvSource({
        "0/0, 000000010000000000000000",
        "0/FFFFFFFF, 0000000100000000000000FF",
        "1/0, 000000010000000100000000",
        "2F/A1000000, 000000010000002F000000A1.partial"
    })
    void knowsTheSegmentOfAPosition(String lsn, String file) {
        var position = Lsn.of(lsn).orElseThrow();

        assertThat(Lsn.segmentOf(file, SEGMENT)).contains(position.segment(SEGMENT));
        assertThat("00000001" + Lsn.fileOf(position.segment(SEGMENT), SEGMENT)).isEqualTo(file.replace(".partial", ""));
        assertThat(position).hasToString(lsn);
    }

    @ParameterizedTest
    @CsvSource({"x", "0/", "0/1FFFFFFFF", "0/0/0", "-1/0"})
    void takesNothingElseForAPosition(String text) {
        assertThat(Lsn.of(text)).isEmpty();
    }
}
