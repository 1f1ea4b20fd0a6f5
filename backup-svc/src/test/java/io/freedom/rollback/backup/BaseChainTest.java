package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.vault.BackupKeys;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a base backup is an incremental one, and what is kept because of that. Each is a day and a segment of WAL after the one before. */
class BaseChainTest {
    private static final long SEGMENT = 16 << 20;
    private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
    private static final long LARGE = 1000;
    private static final Optional<String> NOTHING = Optional.empty();

    @TempDir
    private Path temp;

    private WalArchive archive;
    private WalRun run;

    @BeforeEach
    void begin() throws IOException {
        archive = WalArchive.of(temp.toString(), "freedom");
        run = archive.begin(new WalRun.About("a", "1", "17.5", "sha256:0", SEGMENT, NOON, null, null));
    }

    private static Instant day(int day) {
        return NOON.plus(Duration.ofDays(day));
    }

    private static WalBase of(int day, @Nullable String after, long bytes) {
        var lsn = "0/%X000028".formatted(day + 1);
        return new WalBase("b" + day, day(day), lsn, lsn, 0, bytes, 1, new WalBase.Made(after, null, true, 4 * bytes));
    }

    private void add(WalBase base) throws IOException {
        var folder = Files.createDirectories(run.making().resolve(base.id()));
        try (var manifest = VAULT.create(VAULT.sealed(folder.resolve(BackupManifest.NAME), true))) {
            manifest.write('x');
        }
        run.finish(base);
        run.adopt(base);
    }

    private void full(int day) throws IOException {
        add(of(day, null, LARGE));
    }

    private void increment(int day) throws IOException {
        add(of(day, "b" + (day - 1), 100));
    }

    private void segments(int last) throws IOException {
        for (int segment = 1; segment <= last; segment++) {
            Files.createFile(run.wal().resolve("00000001" + Lsn.fileOf(segment, SEGMENT)));
        }
    }

    private NextBase next() throws IOException {
        return NextBase.of(run, VAULT, true, NOTHING);
    }

    private List<String> ids() throws IOException {
        return run.complete().stream().map(WalBase::id).toList();
    }

    @Test
    void isAFullOneFirstAndThenWhatHasChangedSinceTheLast() throws IOException {
        assertThat(next()).isEqualTo(new NextBase(null, null));
        full(0);
        assertThat(next().after()).isEqualTo(of(0, null, LARGE));
        increment(1);
        assertThat(next().after()).isEqualTo(of(1, "b0", 100));
    }

    @Test
    void isAFullOneWhereTheServerCannotTellWhatHasChanged() throws IOException {
        full(0);

        assertThat(NextBase.of(run, VAULT, true, Optional.of("summarize_wal is off")))
                .isEqualTo(new NextBase(null, "summarize_wal is off"));
        assertThat(NextBase.of(run, VAULT, false, NOTHING).why()).isEqualTo("the checksums of pages were switched off");
        Files.delete(new BaseArchive(run.base("b0"), VAULT).manifest().orElseThrow());
        assertThat(next().why()).contains("no manifest");
    }

    @Test
    void isAFullOneAfterSixThatAreNot() throws IOException {
        full(0);
        for (int day = 1; day <= 6; day++) {
            assertThat(next().after()).as("day " + day).isNotNull();
            increment(day);
        }

        assertThat(next()).isEqualTo(new NextBase(null, "6 follow the last full one"));
        full(7);
        assertThat(next().after()).isEqualTo(of(7, null, LARGE));
    }

    @Test
    void isAFullOneOnceWhatHasChangedIsAsLargeAsThat() throws IOException {
        full(0);
        add(of(1, "b0", LARGE - 1));
        assertThat(next().after()).isNotNull();
        add(of(2, "b1", 1));

        assertThat(next().why()).isEqualTo("those that follow the last full one have become as large as that (1000 B)");
    }

    @Test
    void isAFullOneWhereWhatTheLastIsIncrementalToIsGone() throws IOException {
        full(0);
        increment(1);
        PrivateFiles.delete(run.base("b0"));

        assertThat(next().why()).contains(run.base("b0") + " is missing", "base backup b1 is incremental to");
        assertThatThrownBy(() -> run.chain(of(1, "b0", 100))).isInstanceOf(DamagedException.class);
    }

    @Test
    void keepsWhatAKeptOneIsIncrementalToButNotTheWalOfBefore() throws Exception {
        full(0);
        increment(1);
        increment(2);
        full(3);
        segments(5);

        assertThat(archive.prune(Duration.ofDays(1), day(3).minusSeconds(1))).isZero();

        assertThat(ids()).containsExactly("b0", "b1", "b2", "b3");
        assertThat(run.beginnings()).as("without WAL since then").hasSize(3);
        assertThat(run.gap()).isEmpty();
        assertThat(archive.prune(Duration.ofDays(1), day(3))).isZero();
        assertThat(run.beginnings()).extracting(WalBase::id).containsExactly("b2", "b3");
        assertThat(run.gap()).isEmpty();
        assertThat(Files.list(run.wal()).map(Path::getFileName).map(Path::toString))
                .containsExactlyInAnyOrder(
                        "000000010000000000000003", "000000010000000000000004", "000000010000000000000005");
        Files.delete(run.wal().resolve("000000010000000000000004"));
        assertThat(run.gap()).contains("0000000000000004");
        assertThat(archive.prune(Duration.ofDays(1), day(4))).isEqualTo(3);
        assertThat(ids()).containsExactly("b3");
    }

    @Test
    void missesTheWalOfOneThatNoneIsIncrementalTo() throws Exception {
        full(0);
        full(1);
        segments(4);
        Files.delete(run.wal().resolve("000000010000000000000001"));

        assertThat(run.beginnings()).hasSize(2);
        assertThat(run.gap()).contains("0000000000000001");
    }

    @Test
    void beginsNothingFromWhatHasADamagedOneInIt() throws Exception {
        full(0);
        full(1);
        increment(2);
        increment(3);
        segments(9);
        run.cover(new WalCovered(day(4), "0/8000000", null, null, null, null));

        assertThat(RecoveryWay.find(archive, "latest").base().id()).isEqualTo("b3");
        assertThat(begin(Set.of(of(3, "b2", 100)))).isEqualTo("b2");
        assertThat(begin(Set.of(of(2, "b1", 100)))).isEqualTo("b1");
        assertThat(begin(Set.of(of(1, null, LARGE)))).isEqualTo("b0");
        assertThatThrownBy(() -> begin(Set.of(of(1, null, LARGE), of(0, null, LARGE))))
                .hasMessageContaining("choose a restore point");
        PrivateFiles.delete(run.base("b2"));
        assertThat(begin(Set.of())).as("who unpacks it says what is wrong").isEqualTo("b3");
        assertThat(begin(Set.of(of(3, "b2", 100)))).isEqualTo("b1");
    }

    private String begin(Set<WalBase> unusable) throws Exception {
        return RecoveryWay.find(archive, "latest", unusable).base().id();
    }

    @Test
    void readsWhatAReleaseBeforeHasWritten() throws Exception {
        var folder = Files.createDirectories(run.base("old"));
        Files.writeString(
                folder.resolve("base.json"),
                "{\"id\": \"old\", \"at\": \"2026-11-26T12:00:00Z\", \"startLsn\": \"0/1000028\", \"endLsn\": \"0/1000100\","
                        + " \"tablespaces\": 0, \"bytes\": 5, \"cluster\": 6}");

        assertThat(run.complete()).singleElement().satisfies(base -> {
            assertThat(base.after()).isEmpty();
            assertThat(run.chain(base)).containsExactly(base);
        });
        assertThat(next().why()).contains("no manifest");
    }

    @Test
    void isAFullOneWhereTheKeyOfTheOneBeforeIsGone() throws Exception {
        full(0);
        var manifest = new BaseArchive(run.base("b0"), VAULT).manifest().orElseThrow();
        BackupKeys.generate(temp.resolve("other.key"));
        var other = new Vault(temp.resolve("other.key"), true, List.of());

        assertThat(BaseTaking.size(manifest, VAULT)).isEqualTo(1);
        assertThatThrownBy(() -> BaseTaking.size(manifest, other))
                .isInstanceOf(DamagedException.class)
                .hasMessageStartingWith("the manifest of the one before cannot be read: ");
    }
}
