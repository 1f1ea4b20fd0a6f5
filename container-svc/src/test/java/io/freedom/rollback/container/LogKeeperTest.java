package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.LogArchive;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.BackupKeys;
import io.freedom.rollback.vault.KeyException;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of logs, without an engine. */
class LogKeeperTest {
    private static final EngineContainer API = FakeLog.container("api", "3f2a9c1b2d3e4f");
    private static final long BOUND = 64L << 20;

    @TempDir
    Path backups;

    @TempDir
    Path secrets;

    private Vault vault;
    private final FakeLog log = new FakeLog();
    private final RecordedStep step = new RecordedStep();
    private Instant now = Instant.parse("2026-11-26T15:00:00Z");

    @BeforeEach
    void givenAKey() throws IOException {
        var keys = secrets.resolve("backups.key");
        BackupKeys.generate(keys);
        vault = new Vault(keys, true, List.of());
    }

    private LogArchive archive() {
        return archive(Duration.ofHours(168), BOUND, 0);
    }

    private LogArchive archive(Duration keep, long bound, long reserve) {
        return new LogArchive("freedom", backups.toString(), keep.toMillis(), bound, reserve);
    }

    private LogKeeper keeper(LogArchive archive) throws Exception {
        return new LogKeeper(log, archive, vault, step, () -> now);
    }

    private LogKeeper.Kept keep() throws Exception {
        return keep(API, archive());
    }

    private LogKeeper.Kept keep(EngineContainer container, LogArchive archive) throws Exception {
        return keeper(archive).keep(container, Instant.MAX);
    }

    private Path freedom() {
        return backups.resolve(".logs/freedom");
    }

    /** Names of the files of a service, as an operator sees them. */
    private List<String> names(String service) throws IOException {
        try (var files = Files.list(freedom().resolve(service))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** What is in them. */
    private byte[] bytes() throws IOException {
        var out = new ByteArrayOutputStream();
        for (var name : names("api")) {
            try (var in = vault.open(freedom().resolve("api/" + name))) {
                in.transferTo(out);
            }
        }
        return out.toByteArray();
    }

    private List<String> lines() throws IOException {
        return new String(bytes(), StandardCharsets.UTF_8).lines().toList();
    }

    private static String hour(int hour, int number) {
        return "2026-11-26T%02dZ_1_3f2a9c1b2d3e_%04d.log.zst.age".formatted(hour, number);
    }

    @Test
    void keepsEachLineOnceInFilesByTheHourWithItsTimeAndStream() throws Exception {
        log.line("13:00:05.123456789", "one").error("13:59:59.999999999", "two");
        assertThat(keep().lines()).isEqualTo(2);
        assertThat(keep().lines()).as("nothing new").isZero();
        log.line("13:59:59.999999999", "three").line("14:00:00.000000000", "four");
        assertThat(keep().lines()).isEqualTo(2);

        assertThat(names("api")).containsExactly(hour(13, 1), hour(13, 2), hour(14, 3));
        assertThat(lines())
                .containsExactly(
                        "2026-11-26T13:00:05.123456789Z stdout F one",
                        "2026-11-26T13:59:59.999999999Z stderr F two",
                        "2026-11-26T13:59:59.999999999Z stdout F three",
                        "2026-11-26T14:00:00.000000000Z stdout F four");
    }

    @Test
    void writesNothingInClearAtAnyTime() throws Exception {
        var random = new Random(1);
        for (int i = 0; i < 300; i++) {
            var text = new byte[1000];
            random.nextBytes(text);
            log.line("13:00:00.%09d".formatted(i), "password " + HexFormat.of().formatHex(text));
        }
        log.line("14:00:00.000000001", "password");
        var seen = new TreeSet<String>();
        log.onTaken = () -> seen.addAll(beginnings());
        keep();

        assertThat(seen).containsExactly("age-encryption.org/v1");
        assertThat(beginnings()).containsExactly("age-encryption.org/v1");
        assertThat(names("api")).containsExactly(hour(13, 1), hour(14, 2));
        assertThat(lines()).hasSize(301);
    }

    /** First lines of the files of logs, whole or not, in which there is something. */
    private Set<String> beginnings() {
        try (var files = Files.list(freedom().resolve("api"))) {
            var beginnings = new TreeSet<String>();
            for (var file : files.toList()) {
                var text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                if (!text.isEmpty()) {
                    beginnings.add(text.lines().findFirst().orElseThrow());
                }
            }
            return beginnings;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void onlyCompressesWhereNothingIsToBeEncrypted() throws Exception {
        vault = new Vault(secrets.resolve("none"), false, List.of());
        log.line("13:00:00.000000001", "one");
        keep();

        assertThat(names("api")).containsExactly(hour(13, 1).replace(".age", ""));
        assertThat(lines()).hasSize(1);
    }

    @Test
    void keepsNothingWithoutTheKeyAndAllOfItOnceThatIsThere() throws Exception {
        log.line("13:00:00.000000001", "one");
        var present = vault;
        vault = new Vault(secrets.resolve("none"), true, List.of());
        assertThatThrownBy(this::keep).isInstanceOf(KeyException.class).hasMessageContaining("there is no key file");

        vault = present;
        assertThat(keep().lines()).isEqualTo(1);
        assertThat(names("api")).containsExactly(hour(13, 1));
    }

    @Test
    void goesOnBesideWhatAReleaseHasKeptThatDidNotEncrypt() throws Exception {
        log.line("13:00:00.000000001", "one");
        keep();
        var gzip = hour(13, 1).replace(".zst.age", ".gz");
        var plain = freedom().resolve("api/" + gzip);
        try (var in = vault.open(freedom().resolve("api/" + hour(13, 1)));
                var out = new GZIPOutputStream(Files.newOutputStream(LogFiles.partial(plain)))) {
            in.transferTo(out);
        }
        Files.delete(freedom().resolve("api/" + hour(13, 1)));
        var position = freedom().resolve(".positions/3f2a9c1b2d3e");
        Files.writeString(position, Files.readString(position).replace(".zst.age", ".gz"));

        log.line("14:00:00.000000001", "two");
        assertThat(keep().lines()).isEqualTo(1);
        assertThat(names("api")).as("one that only lacked its name, too").containsExactly(gzip, hour(14, 2));

        keeper(archive()).files().prune(Duration.ofHours(1), BOUND, now);
        assertThat(names("api")).containsExactly(hour(14, 2));
    }

    @Test
    void onlyTheWorkersUserReadsThem() throws Exception {
        log.line("13:00:00.000000001", "one");
        keep();

        try (var all = Files.walk(backups.resolve(".logs"))) {
            assertThat(all.toList())
                    .allSatisfy(path -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                            .isEqualTo(Files.isDirectory(path) ? "rwx------" : "rw-------"));
        }
    }

    @Test
    void keepsPartsOfALongLineThatAreTheSameAndOfOneMoment() throws Exception {
        log.part("13:00:00.000000001", "xxx").part("13:00:00.000000001", "xxx");
        keep();
        log.part("13:00:00.000000001", "xxx").line("13:00:00.000000001", "x");
        assertThat(keep().lines()).isEqualTo(2);

        assertThat(lines())
                .containsExactly(
                        "2026-11-26T13:00:00.000000001Z stdout P xxx",
                        "2026-11-26T13:00:00.000000001Z stdout P xxx",
                        "2026-11-26T13:00:00.000000001Z stdout P xxx",
                        "2026-11-26T13:00:00.000000001Z stdout F x");
    }

    @Test
    void tellsEqualPartsFromEachOtherWhereverReadingBegins() throws Exception {
        log.part("13:00:00.000000001", "xxx").part("13:00:00.000000001", "xxx");
        keep();
        log.part("13:00:00.000000001", "xxx");
        for (int i = 0; i < 9_998; i++) {
            log.line("13:00:01.%09d".formatted(i), "line " + i);
        }

        assertThat(keep().lines()).isEqualTo(9_999);
        assertThat(keep().lines()).isZero();
        assertThat(lines()).hasSize(10_001).startsWith(lines().get(1), lines().get(1), lines().get(1));
    }

    @Test
    void keepsBytesThatAreNoText() throws Exception {
        var binary = new byte[] {0, 1, (byte) 0xff, (byte) 0x80, 13};
        log.bytes("13:00:00.000000001", false, true, binary);
        keep();

        var kept = bytes();
        assertThat(Arrays.copyOfRange(kept, kept.length - binary.length - 1, kept.length - 1))
                .isEqualTo(binary);
    }

    @Test
    void goesOnWhereATerminalsLineHadNoEnd() throws Exception {
        log.part("13:00:00.000000001", "login: ");
        keep();
        log.line("13:00:07.000000001", "ada").glue();
        assertThat(keep().lines()).isEqualTo(1);
        assertThat(keep().lines()).isZero();
        log.line("13:00:08.000000001", "welcome");
        keep();

        assertThat(lines())
                .containsExactly(
                        "2026-11-26T13:00:00.000000001Z stdout P login: ",
                        "2026-11-26T13:00:07.000000001Z stdout F ada",
                        "2026-11-26T13:00:08.000000001Z stdout F welcome");
    }

    @Test
    void losesAndDoublesNothingWhereTheClockWasPutBack() throws Exception {
        log.line("13:30:00.000000001", "one");
        keep();
        log.line("13:25:00.000000001", "two").line("13:30:00.000000001", "three");
        assertThat(keep().lines()).isEqualTo(2);
        now = Instant.parse("2026-11-26T12:10:00Z");
        log.line("12:00:00.000000001", "four");
        assertThat(keep().lines()).isEqualTo(1);
        log.line("12:00:01.000000001", "five");
        assertThat(keep().lines()).isEqualTo(1);
        assertThat(keep().lines()).isZero();
    }

    @Test
    void keepsWhatIsThereAndSaysSoWhereTheEngineHasRemovedSome() throws Exception {
        log.line("13:00:00.000000001", "one");
        keep();
        log.line("13:00:01.000000001", "two")
                .line("13:40:01.000000001", "three")
                .forget(2);

        var kept = keep();

        assertThat(kept.note()).startsWith("api: lines may be lost, the engine removed some before they were kept");
        assertThat(lines()).hasSize(2).last().asString().endsWith(" three");
        assertThat(keep().note()).isNull();
        log.forget(1);
        assertThat(keep().note()).as("nothing that is not kept").isNull();
    }

    @Test
    void givesTheirNamesToFilesThatOnlyLackThese() throws Exception {
        log.line("13:00:00.000000001", "one");
        keep();
        var file = freedom().resolve("api/" + hour(13, 1));
        Files.move(file, LogFiles.partial(file)); // killed right after the position was written
        log.line("13:00:01.000000001", "two");
        keep();
        assertThat(names("api")).containsExactly(hour(13, 1), hour(13, 2));
        assertThat(lines()).hasSize(2);

        Files.move(
                freedom().resolve("api/" + hour(13, 2)),
                LogFiles.partial(freedom().resolve("api/" + hour(13, 2))));
        keeper(archive()).recover(); // the container is gone
        assertThat(names("api")).containsExactly(hour(13, 1), hour(13, 2));
    }

    @Test
    void doesAgainWhatAKilledWorkerHadNotNoted() throws Exception {
        log.line("13:00:00.000000001", "one");
        keep();
        var position = freedom().resolve(".positions/3f2a9c1b2d3e");
        var before = Files.readString(position);
        log.line("13:00:01.000000001", "two");
        keep();
        var file = freedom().resolve("api/" + hour(13, 2));
        Files.move(file, LogFiles.partial(file));
        Files.writeString(position, before); // killed right before the position was written

        keeper(archive()).recover();
        assertThat(names("api")).containsExactly(hour(13, 1));
        keep();

        assertThat(names("api")).containsExactly(hour(13, 1), hour(13, 2));
        assertThat(lines()).hasSize(2).last().asString().endsWith(" two");
    }

    @Test
    void keepsNothingOfAnAttemptThatMayNotGoOn() throws Exception {
        log.line("13:00:00.000000001", "one");
        step.cancel();
        assertThatThrownBy(this::keep).isInstanceOf(StepCancelledException.class);
        assertThat(names("api")).isEmpty();

        var next = new LogKeeper(log, archive(), vault, new RecordedStep(), () -> now);
        assertThat(next.keep(API, Instant.MAX).lines()).isEqualTo(1);
        assertThat(lines()).hasSize(1);
    }

    @Test
    void keepsWhatItGotBeforeTheEngineWentAway() throws Exception {
        log.line("13:00:00.000000001", "one").line("13:00:01.000000001", "two");
        log.good = 1;
        log.failure = new StepFailure(FailureKind.OUTAGE, "Docker does not answer");
        assertThatThrownBy(this::keep).isInstanceOf(StepFailure.class).hasMessage("Docker does not answer");
        log.good = Integer.MAX_VALUE;
        log.failure = null;
        keep();

        assertThat(lines()).hasSize(2);
    }

    @Test
    void saysOfWhichServiceTheLogCannotBeRead() throws Exception {
        log.failure = new StepFailure(FailureKind.TOOL, "configured logging driver does not support reading");

        assertThat(keep().note())
                .isEqualTo("api: its log cannot be read (configured logging driver does not support reading)");
    }

    @Test
    void writesNothingWhereTheReserveIsTouched() throws Exception {
        log.line("13:00:00.000000001", "one");
        assertThatThrownBy(() -> keep(API, archive(Duration.ofHours(168), BOUND, Long.MAX_VALUE)))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("less than backups.reserve")
                .hasMessageContaining("free space");
        assertThat(names("api")).isEmpty();
        keep();
        assertThat(lines()).hasSize(1);
    }

    @Test
    void stopsInTimeAndGoesOnThere() throws Exception {
        for (int i = 0; i < 5000; i++) {
            log.line("13:00:00.%09d".formatted(i), "line " + i);
        }
        var first = keeper(archive()).keep(API, now.minusSeconds(1));
        assertThat(first.more()).isTrue();
        assertThat(first.lines()).isPositive().isLessThan(5000);
        // A look that has time for what is kept, and for something new.
        while (keeper(archive()).keep(API, Instant.MAX).more()) {
            assertThat(lines()).hasSizeLessThan(5000);
        }
        assertThat(lines()).hasSize(5000).doesNotHaveDuplicates();
    }

    @Test
    void removesWhatIsOlderAndTheOldestBeyondTheBound() throws Exception {
        log.line("10:00:00.000000001", "ten")
                .line("11:00:00.000000001", "eleven")
                .line("12:00:00.000000001", "twelve");
        keep();
        keep(FakeLog.container("db", "aaaa9c1b2d3e"), archive());

        long left = keeper(archive()).files().prune(Duration.ofHours(4), BOUND, now);
        assertThat(names("api")).containsExactly(hour(11, 2), hour(12, 3));
        assertThat(names("db")).hasSize(2);

        long bytes = Files.size(freedom().resolve("api/" + hour(12, 3)));
        assertThat(keeper(archive()).files().prune(Duration.ofHours(4), left - 1, now))
                .isLessThan(left);
        assertThat(names("api")).containsExactly(hour(12, 3));
        assertThat(keeper(archive()).files().prune(Duration.ofHours(4), bytes, now))
                .isEqualTo(bytes);
    }

    @Test
    void neverFollowsALinkOut() throws Exception {
        var elsewhere = Files.createDirectories(backups.resolve("elsewhere"));
        var others = Files.writeString(elsewhere.resolve(hour(10, 1)), "others");
        log.line("13:00:00.000000001", "one");
        keep();
        Files.createSymbolicLink(freedom().resolve("linked"), elsewhere);
        Files.createSymbolicLink(freedom().resolve("api/" + hour(9, 9)), others);

        keeper(archive()).files().prune(Duration.ofSeconds(1), 0, now);
        assertThat(others).hasContent("others");
        assertThat(names("api")).containsExactly(hour(9, 9));

        assertThatThrownBy(() -> keep(FakeLog.container("linked", "bbbb9c1b2d3e"), archive()))
                .hasMessageContaining("is a symbolic link: put a folder in its place");
        assertThat(elsewhere).isDirectoryNotContaining("glob:**/2026-11-26T13*");
    }

    @Test
    void noNameLeavesTheFolder() throws Exception {
        log.line("13:00:00.000000001", "one");
        for (var service : List.of("../../out", ".positions", "a/b", "..", "Ä", "x".repeat(300))) {
            keep(FakeLog.container(service, "3f2a9c1b2d3e"), archive());
            Files.delete(freedom().resolve(".positions/3f2a9c1b2d3e"));
        }

        try (var all = Files.walk(backups)) {
            var files = all.filter(path -> path.toString().endsWith(".age")).toList();
            assertThat(files)
                    .hasSize(6)
                    .allSatisfy(file -> assertThat(freedom()
                                    .relativize(file.toRealPath(LinkOption.NOFOLLOW_LINKS))
                                    .getNameCount())
                            .isEqualTo(2));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        assertThat(freedom().resolve("%2E.%2F..%2Fout")).isDirectory();
        assertThat(LogFiles.safe("%2E")).isNotEqualTo(LogFiles.safe("."));
    }

    @Test
    void forgetsContainersThatAreGoneForLong() throws Exception {
        log.line("13:00:00.000000001", "one");
        keep();
        var files = keeper(archive()).files();
        files.forget(Set.of("3f2a9c1b2d3e"), Duration.ZERO, Instant.MAX);
        assertThat(keep().lines()).isZero();
        files.forget(Set.of(), Duration.ofDays(7), Instant.now());
        assertThat(keep().lines()).isZero();
        files.forget(Set.of(), Duration.ZERO, Instant.MAX);
        assertThat(freedom().resolve(".positions")).isEmptyDirectory();
    }
}
