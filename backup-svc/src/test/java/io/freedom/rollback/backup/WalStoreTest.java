package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.CopyWalArchive;
import io.freedom.rollback.schemas.action.FetchWalArchive;
import io.freedom.rollback.schemas.action.ObjectStore;
import io.freedom.rollback.schemas.action.WalArchiveCopied;
import io.freedom.rollback.schemas.action.WalArchiveFetched;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;

/** The WAL archive in an S3-speaking server that is a process of its own, and back after the disk was lost. */
class WalStoreTest {
    private static final String ROOT = "site-a/freedom/wal/";
    private static final String RUN = "20261126-110000-1";
    private static final long SEGMENT = 16 << 20;
    private static final Instant NOON =
            Instant.now().truncatedTo(ChronoUnit.SECONDS).minus(Duration.ofDays(40));
    private static final Duration WEEK = Duration.ofDays(7);

    @TempDir
    private static Path home;

    private static S3Server server;

    @TempDir
    private Path backups;

    private WalArchive archive;
    private Instant now = NOON.plusSeconds(600);
    /** So often is asked what time it is before the look's is over. */
    private int timely = Integer.MAX_VALUE;

    private CopyWalArchiveHandler copier = copier();

    @BeforeAll
    static void start() throws IOException {
        TrustedSchemas.trust();
        server = new S3Server(home);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void empty() {
        server.empty();
        archive = WalArchive.of(backups.toString(), "freedom");
    }

    private CopyWalArchiveHandler copier() {
        return new CopyWalArchiveHandler(
                VAULT, () -> timely-- > 0 ? now : Instant.now().plus(WEEK));
    }

    private WalArchiveCopied copy(RunningStep step) throws Exception {
        var action = new CopyWalArchive(
                "freedom",
                backups.toString(),
                server.store(),
                WEEK.toMillis(),
                Duration.ofMinutes(15).toMillis());
        return (WalArchiveCopied) copier.execute(action, step).result();
    }

    private WalArchiveCopied copy() throws Exception {
        return copy(new RunningStep("look"));
    }

    private Completed fetched(String moment, ObjectStore store, RunningStep step) throws Exception {
        var action = new FetchWalArchive("freedom", backups.toString(), store, moment, 0L);
        return new FetchWalArchiveHandler(() -> now).execute(action, step);
    }

    private String told(String moment) throws Exception {
        return fetched(moment, server.store(), new RunningStep("rb-derive")).detail();
    }

    private WalArchiveFetched fetch(String moment, RunningStep step) throws Exception {
        return (WalArchiveFetched) fetched(moment, server.store(), step).result();
    }

    private WalArchiveFetched fetch(String moment) throws Exception {
        return fetch(moment, new RunningStep("rb-derive"));
    }

    private WalRun run(String id) throws IOException {
        return archive.begin(new WalRun.About(id, "1", "15.18", "sha256:0", SEGMENT, NOON, null, null));
    }

    private static void base(WalRun run, String id, Instant at, int segment, int bytes) throws IOException {
        base(run, id, at, segment, bytes, null);
    }

    private static void base(WalRun run, String id, Instant at, int segment, int bytes, @Nullable String after)
            throws IOException {
        var content = new byte[bytes];
        new Random(segment).nextBytes(content);
        Files.write(Files.createDirectories(run.making().resolve(id)).resolve("base.tar.zst.age"), content);
        var start = new Lsn(segment * SEGMENT + 40).toString();
        var made = new WalBase.Made(after, null, true, bytes);
        var base = new WalBase(id, at, start, start, 0, bytes, 1, made);
        run.finish(base);
        run.adopt(base);
    }

    private static void segments(WalRun run, int first, int last) throws IOException {
        for (int segment = first; segment <= last; segment++) {
            Files.writeString(run.wal().resolve(name(segment) + ".zst.age"), "segment " + segment);
            Files.deleteIfExists(run.wal().resolve(name(segment) + ".partial"));
        }
        Files.writeString(run.wal().resolve(name(last + 1) + ".partial"), "the newest, in clear");
    }

    private static String name(int segment) {
        return "00000001" + Lsn.fileOf(segment, SEGMENT);
    }

    private static void cover(WalRun run, Instant at, int segment, long transaction) throws IOException {
        var written = new Lsn(segment * SEGMENT + 100).toString();
        var through = new Lsn(segment * SEGMENT + 200).toString();
        run.cover(new WalCovered(at, written, through, transaction, true, at));
    }

    /** Segments 1 and 2 are finished, 3 is being written. */
    private WalRun archived() throws IOException {
        var run = run(RUN);
        base(run, "20261126-120000", NOON, 1, 1000);
        segments(run, 1, 2);
        cover(run, NOON.plusSeconds(60), 2, 700);
        cover(run, NOON.plusSeconds(120), 3, 702);
        return run;
    }

    private static List<String> stored() {
        return server.keys().stream()
                .filter(key -> key.startsWith(ROOT))
                .map(key -> key.substring(ROOT.length()))
                .toList();
    }

    @Test
    void copiesWhatIsFinishedAndSaysNoMoreThanThatIsThere() throws Exception {
        var run = archived();

        var look = copy();

        assertThat(stored())
                .containsExactlyInAnyOrder(
                        RUN + "/run.json",
                        RUN + "/covered.json",
                        RUN + "/wal/" + name(1) + ".zst.age",
                        RUN + "/wal/" + name(2) + ".zst.age",
                        RUN + "/base/20261126-120000/base.tar.zst.age",
                        RUN + "/base/20261126-120000/base.json");
        assertThat(look.getFrom()).isEqualTo(NOON);
        assertThat(look.getUntil()).isEqualTo(NOON.plusSeconds(60));
        assertThat(look.getFault()).isNull();
        assertThat(copy().getSent()).as("nothing is sent twice").isZero();
        segments(run, 3, 3);
        run.end("the server has another data directory", now);
        assertThat(copy().getUntil()).isEqualTo(NOON.plusSeconds(120));
    }

    @Test
    void saysThatItIsBehindUnlessNothingWasCommittedSince() throws Exception {
        var run = archived();
        copy();
        cover(run, NOON.plusSeconds(3600), 3, 703);
        assertThat(copy().getFault())
                .contains("the store has what was committed until " + NOON.plusSeconds(60), "rpo of 15 min")
                .endsWith("the segment that it is in is not finished yet; see whether the WAL archive is well");
        run.setHindrance("the role archiver may not finish one before");
        assertThat(copy().getFault())
                .endsWith(
                        "what is committed goes there once a segment is full, for the role archiver may not finish one before");

        segments(run, 3, 3);
        cover(run, NOON.plusSeconds(7200), 4, 704);
        cover(run, NOON.plusSeconds(9000), 4, 705);
        var look = copy();

        assertThat(look.getFault()).isNull();
        assertThat(look.getUntil()).as("nobody wrote in between").isEqualTo(NOON.plusSeconds(9000));
    }

    @Test
    void goesOnWithABaseBackupThatTakesSeveralLooksAndSaysNothingOfItBefore() throws Exception {
        var run = run(RUN);
        base(run, "20261126-120000", NOON, 1, 3 * S3Upload.PART);
        segments(run, 1, 2);
        cover(run, NOON.plusSeconds(60), 2, 700);
        cover(run, NOON.plusSeconds(120), 3, 702);
        var killed = new RunningStep("look").killedAtNote("base.tar");
        assertThatThrownBy(() -> copy(killed)).isInstanceOf(StepCancelledException.class);
        assertThat(stored()).contains(RUN + "/covered.json").noneMatch(key -> key.contains("/base/"));

        assertThat(copy().getUntil()).isEqualTo(NOON.plusSeconds(60));
    }

    /** A look that has time for two parts of a file, to be read or sent. */
    private WalArchiveCopied shortLook(List<Long> sent) throws Exception {
        timely = 2; // It asks before the file, too, and notices after a part that the time is over.
        var look = copy();
        timely = Integer.MAX_VALUE;
        sent.add(look.getSent());
        return look;
    }

    private void largeBaseBackup() throws Exception {
        var run = archived();
        copy();
        base(run, "20261126-120030", NOON.plusSeconds(30), 2, 2 * S3Upload.PART + 1);
        cover(run, NOON.plusSeconds(7200), 3, 900);
    }

    @Test
    void getsALargeBaseBackupThereByShortLooksThatReadAndSendNothingTwice() throws Exception {
        largeBaseBackup();
        var sent = new ArrayList<Long>();

        var first = shortLook(sent);

        assertThat(first.getBusy()).isTrue();
        assertThat(first.getFault())
                .contains("base backup 20261126-120030 (file 1 of 1): 32.0 MiB of 32.0 MiB read for its hash");
        assertThat(shortLook(sent).getFault()).contains("(file 1 of 1): 16.0 MiB of 32.0 MiB there");
        assertThat(stored()).noneMatch(key -> key.contains("/base/20261126-120030"));
        var last = shortLook(sent);
        assertThat(last.getBusy()).isFalse();
        assertThat(last.getNotes()).containsExactly("copied base backup 20261126-120030");
        assertThat(sent).containsExactly(0L, (long) S3Upload.PART, S3Upload.PART + 1L);
        PrivateFiles.delete(archive.root());
        assertThat(fetch("latest").getBase()).as("it is whole").isEqualTo("20261126-120030");
    }

    @Test
    void sendsNothingTwiceWhereAnotherWorkerGoesOn() throws Exception {
        largeBaseBackup();
        var sent = new ArrayList<Long>();
        shortLook(sent);
        shortLook(sent);

        copier = copier();

        assertThat(shortLook(sent).getFault()).contains("32.0 MiB of 32.0 MiB read for its hash");
        assertThat(shortLook(sent).getFault()).contains("32.0 MiB of 32.0 MiB there");
        assertThat(shortLook(sent).getBusy()).isFalse();
        assertThat(sent).containsExactly(0L, (long) S3Upload.PART, 0L, (long) S3Upload.PART, 1L);
    }

    @Test
    void beginsAnewWhereWhatWasBegunIsOfAnotherContent() throws Exception {
        largeBaseBackup();
        var begun = new RunningStep("look").killedAtNote("16.0 MiB of 32.0 MiB there");
        assertThatThrownBy(() -> copy(begun)).isInstanceOf(StepCancelledException.class);
        var content = new byte[2 * S3Upload.PART + 1];
        Files.write(archive.root().resolve(RUN).resolve("base/20261126-120030/base.tar.zst.age"), content);

        assertThat(copy().getNotes())
                .containsExactly("base backup 20261126-120030 changed while it was sent; see the disk");
        assertThat(stored()).noneMatch(key -> key.contains("/base/20261126-120030"));
        assertThat(copy().getNotes()).containsExactly("copied base backup 20261126-120030");

        PrivateFiles.delete(archive.root());
        assertThat(fetch("latest").getBase()).isEqualTo("20261126-120030");
    }

    @Test
    void bringsBackWhatAMomentNeedsAfterTheDiskWasLost() throws Exception {
        var run = archived();
        base(run, "20261126-120130", NOON.plusSeconds(90), 2, 1000);
        segments(run, 3, 3);
        cover(run, NOON.plusSeconds(180), 4, 704);
        copy();
        assertThat(fetch("latest").getRun()).as("it is here").isNull();
        PrivateFiles.delete(archive.root());

        var fetched = fetch("latest");

        assertThat(fetched.getBase()).isEqualTo("20261126-120130");
        assertThat(fetched.getSegments()).as("from that on").isEqualTo(2);
        var way = RecoveryWay.find(archive, "latest");
        assertThat(way.covered().at()).isEqualTo(NOON.plusSeconds(120));
        assertThat(way.run().goesOn()).isFalse();
        assertThat(way.run().wal().resolve(name(2) + ".zst.age")).hasContent("segment 2");
        assertThat(archive.current()).as("the next look begins another").isEmpty();

        var before = fetch(NOON.plusSeconds(30).toString());

        assertThat(before.getBase()).isEqualTo("20261126-120000");
        assertThat(archive.runs())
                .singleElement()
                .satisfies(it -> assertThat(it.complete()).hasSize(2));
        assertThat(fetch(NOON.plusSeconds(30).toString()).getRun()).isNull();
        assertThatThrownBy(() -> fetch(NOON.plusSeconds(130).toString()))
                .hasMessageContaining("is not in the WAL archive")
                .hasMessageContaining("In the store s3://backups/site-a/freedom/wal/: ");
    }

    @Test
    void leavesWhatWasFetchedAsItCameForAsLongAsAnyOther() throws Exception {
        archived();
        copy();
        PrivateFiles.delete(archive.root());
        now = NOON.plus(Duration.ofDays(30));
        assertThat(copy().getUntil()).as("what is lost here stays there").isNull();
        assertThat(stored()).hasSize(6);
        fetch("latest");
        var next = run("20261226-120000-2");
        base(next, "20261226-120000", now, 1, 10);

        assertThat(archive.prune(WEEK, Instant.now())).isZero();
        copy();

        assertThat(archive.runs()).hasSize(2);
        assertThat(stored()).filteredOn(key -> key.startsWith(RUN)).hasSize(6);
        PrivateFiles.delete(archive.root().resolve(RUN));
        now = now.plus(Duration.ofDays(8));
        assertThat(copy().getNotes())
                .containsExactly("removed run " + RUN + ", which the way back does not need any more");
        assertThat(stored()).noneMatch(key -> key.startsWith(RUN));
    }

    @Test
    void removesThereWhatWasRemovedHere() throws Exception {
        var run = archived();
        copy();
        base(run, "20261127-120000", NOON.plus(Duration.ofDays(1)), 3, 1000);
        segments(run, 3, 3);
        now = NOON.plus(Duration.ofDays(8));
        cover(run, now, 4, 900);
        assertThat(archive.prune(WEEK, now)).isEqualTo(1);

        copy();

        assertThat(stored())
                .containsExactlyInAnyOrder(
                        RUN + "/run.json",
                        RUN + "/covered.json",
                        RUN + "/wal/" + name(3) + ".zst.age",
                        RUN + "/base/20261127-120000/base.tar.zst.age",
                        RUN + "/base/20261127-120000/base.json");
    }

    @Test
    void goesOnWithAFetchThatWasInterruptedAndNamesWhatIsDamaged() throws Exception {
        archived();
        copy();
        PrivateFiles.delete(archive.root());
        assertThatThrownBy(() -> fetch("latest", new RunningStep("rb-derive").killedAtNote("base.tar")))
                .isInstanceOf(StepCancelledException.class);
        assertThat(archive.runs()).as("nobody sees half of it").isEmpty();
        assertThat(archive.prune(WEEK, Instant.now())).isZero();
        assertThat(archive.root().resolve(RUN)).as("somebody may go on").exists();
        var key = ROOT + RUN + "/base/20261126-120000/base.tar.zst.age";
        byte[] right;
        try (var s3 = server.client()) {
            right = s3.getObjectAsBytes(
                            request -> request.bucket(S3Server.BUCKET).key(key))
                    .asByteArray();
        }
        overwrite(key, new byte[1000], "0");
        assertThatThrownBy(() -> fetch("latest"))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("s3://backups/" + key + " is damaged");
        overwrite(key, right, Sha256.of(write(right), _ -> {}));

        assertThat(fetch("latest").getBytes()).as("the segments had come").isEqualTo(1000);
        assertThat(archive.runs()).hasSize(1);
        Files.delete(archive.root().resolve(RUN).resolve("run.json"));
        archive.prune(WEEK, Instant.now().plus(Duration.ofDays(8)));
        assertThat(archive.root().resolve(RUN)).as("nobody goes on any more").doesNotExist();
    }

    private Path write(byte[] content) throws IOException {
        return Files.write(backups.resolve("content"), content);
    }

    private static void overwrite(String key, byte[] content, String sha256) {
        try (var s3 = server.client()) {
            s3.putObject(
                    request -> request.bucket(S3Server.BUCKET).key(key).metadata(Map.of(S3Store.SHA256, sha256)),
                    RequestBody.fromBytes(content));
        }
    }

    @Test
    void doesNotMixWhatComesWithWhatIsArchivedHere() throws Exception {
        var run = archived();
        copy();
        Files.delete(run.folder().resolve("covered.json"));

        assertThatThrownBy(() -> fetch("latest")).hasMessageContaining("move " + run.folder() + " away");
    }

    @Test
    void removesNothingOfALostDiskBeforeTheNextOneReachesBackAsFar() throws Exception {
        archived();
        copy();
        PrivateFiles.delete(archive.root());
        now = NOON.plus(Duration.ofDays(30));
        base(run("20261226-120000-2"), "20261226-120000", now, 1, 10);

        assertThat(copy().getNotes()).containsExactly("copied base backup 20261226-120000");

        assertThat(stored()).filteredOn(key -> key.startsWith(RUN)).hasSize(6);
        now = now.plus(Duration.ofDays(8));
        assertThat(copy().getNotes()).singleElement().asString().startsWith("removed run " + RUN);
    }

    /** A base backup in segments 1, 3 and 5, each incremental to the one before. */
    private void chain() throws Exception {
        var run = run(RUN);
        base(run, "20261126-1", NOON, 1, 100, null);
        base(run, "20261126-2", NOON.plusSeconds(60), 3, 100, "20261126-1");
        base(run, "20261126-3", NOON.plusSeconds(120), 5, 100, "20261126-2");
        segments(run, 1, 5);
        cover(run, NOON.plusSeconds(130), 5, 700);
        cover(run, NOON.plusSeconds(200), 6, 702);
        copy();
        PrivateFiles.delete(archive.root());
    }

    @Test
    void leavesNoGapWhereAFetchOfAnEarlierMomentIsInterrupted() throws Exception {
        chain();
        var early = NOON.plusSeconds(30).toString();
        assertThat(fetch("latest").getSegments()).isEqualTo(1);

        assertThatThrownBy(() -> fetch(early, new RunningStep("rb-derive").killedAtNote(name(2))))
                .isInstanceOf(StepCancelledException.class);

        var run = archive.runs().getFirst();
        assertThat(run.beginnings()).extracting(WalBase::id).containsExactly("20261126-2", "20261126-3");
        assertThat(run.gap()).isEmpty();
        assertThat(fetch(early).getBase()).isEqualTo("20261126-1");
        assertThat(run.gap()).isEmpty();
        assertThat(run.beginnings()).hasSize(3);
    }

    @Test
    void fetchesAgainWhatIsMissingOnDisk() throws Exception {
        chain();
        fetch("latest");
        var middle = archive.root().resolve(RUN + "/base/20261126-2");
        PrivateFiles.delete(middle);

        assertThat(fetch("latest").getBase()).isEqualTo("20261126-3");

        assertThat(middle.resolve("base.json")).exists();
        assertThat(fetch("latest").getRun()).isNull();
    }

    @Test
    void passesOverABaseBackupThatIsDamagedThere() throws Exception {
        chain();
        overwrite(ROOT + RUN + "/base/20261126-3/base.tar.zst.age", new byte[100], "0");
        assertThat(fetch("latest").getBase()).isEqualTo("20261126-2");
        PrivateFiles.delete(archive.root());
        try (var s3 = server.client()) {
            s3.deleteObject(request -> request.bucket(S3Server.BUCKET).key(ROOT + RUN + "/base/20261126-2/base.json"));
        }
        assertThat(fetch("latest").getBase()).isEqualTo("20261126-1");
        PrivateFiles.delete(archive.root());
        overwrite(ROOT + RUN + "/base/20261126-1/base.tar.zst.age", new byte[100], "0");

        assertThatThrownBy(() -> fetch("latest"))
                .hasMessageContaining("s3://backups/" + ROOT + RUN + "/base/20261126-2 is missing");
    }

    @Test
    void claimsNothingBehindAGapWhileTheBaseBackupAfterItIsNotThere() throws Exception {
        var run = archived();
        copy();
        var later = NOON.plus(Duration.ofDays(8));
        base(run, "20261204-120000", later, 5, 2 * S3Upload.PART);
        segments(run, 5, 6);
        cover(run, later.plusSeconds(60), 6, 900);
        cover(run, later.plusSeconds(120), 7, 902);
        now = later.plus(WEEK);
        assertThat(archive.prune(WEEK, now)).isEqualTo(1);
        assertThatThrownBy(() -> copy(new RunningStep("look").killedAtNote("base.tar")))
                .isInstanceOf(StepCancelledException.class);
        assertThat(stored()).contains(RUN + "/wal/" + name(6) + ".zst.age");
        var disk = archive.root().resolveSibling("lost");
        Files.move(archive.root(), disk);

        assertThat(fetch("latest").getBase()).isEqualTo("20261126-120000");

        assertThat(RecoveryWay.find(archive, "latest").covered().at()).isEqualTo(NOON.plusSeconds(60));
        PrivateFiles.delete(archive.root());
        Files.move(disk, archive.root());
        copy();
        assertThat(copy().getUntil()).as("bridged").isEqualTo(later.plusSeconds(60));
    }

    @Test
    void goesOnWithTheRestWhereABaseBackupChangesWhileItIsSent() throws Exception {
        var run = run(RUN);
        base(run, "20261126-1", NOON, 1, 2 * S3Upload.PART);
        base(run, "20261126-2", NOON.plusSeconds(30), 2, 100);
        segments(run, 1, 2);
        // After its first part: run.json asks once whether to go on, each file before and after, and each part once it
        // is read.
        assertThatThrownBy(() -> copy(new RunningStep("look").killedAtCheckpoint(1 + 2 * 2 + 1 + 2 + 1)))
                .isInstanceOf(StepCancelledException.class);
        var file = run.base("20261126-1").resolve("base.tar.zst.age");
        var changed = Files.getLastModifiedTime(file);
        Files.write(file, new byte[2 * S3Upload.PART]);
        Files.setLastModifiedTime(file, changed);

        assertThat(copy().getNotes())
                .containsExactly(
                        "base backup 20261126-1 changed while it was sent; see the disk",
                        "copied base backup 20261126-2");
    }

    @Test
    void asksForNoRightWhereTheFirstBaseBackupIsBeingTaken() throws Exception {
        var run = run(RUN);
        cover(run, NOON.plusSeconds(3600), 2, 700);

        assertThat(copy().getFault()).endsWith("its first base backup is not complete yet");
    }

    /** The store has what was committed until NOON + 300 s. */
    private void others(WalRun run) throws Exception {
        segments(run, 3, 4);
        cover(run, NOON.plusSeconds(300), 4, 710);
        cover(run, NOON.plusSeconds(400), 5, 712);
        copy();
    }

    @Test
    void fetchesTheLatestWhereTheStoreReachesFurtherThanWhatWasFetchedBefore() throws Exception {
        var run = archived();
        copy();
        var elsewhere = archive.root().resolveSibling("elsewhere");
        Files.move(archive.root(), elsewhere);
        fetch("latest");
        assertThat(told("latest")).contains("the store has no newer one than " + NOON.plusSeconds(60));
        var here = archive.root().resolveSibling("here");
        Files.move(archive.root(), here);
        Files.move(elsewhere, archive.root());
        others(run);
        PrivateFiles.delete(archive.root());
        Files.move(here, archive.root());

        var fetched = fetch("latest");

        assertThat(fetched.getRun()).isEqualTo(RUN);
        assertThat(fetched.getBytes()).as("two segments more").isEqualTo(2 * "segment 3".length());
        assertThat(RecoveryWay.find(archive, "latest").covered().at()).isEqualTo(NOON.plusSeconds(300));
        assertThat(fetch("latest").getRun()).isNull();
    }

    @Test
    void saysWhatToDoWhereTheDiskIsOneOfBefore() throws Exception {
        var run = archived();
        var file = run.folder().resolve("covered.json");
        var before = Files.readString(file);
        others(run);
        Files.writeString(file, before);

        assertThatThrownBy(() -> fetch("latest"))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("the store has what was committed until " + NOON.plusSeconds(300))
                .hasMessageContaining("the archive on disk only until " + NOON.plusSeconds(120))
                .hasMessageContaining("move " + run.folder() + " away")
                .hasMessageContaining("or name the moment " + NOON.plusSeconds(120));

        assertThat(fetch(NOON.plusSeconds(120).toString()).getRun()).isNull();
        Files.move(run.folder(), backups.resolve("aside"));
        assertThat(fetch("latest").getRun()).isEqualTo(RUN);
    }

    @Test
    void doesNotWaitForTheStoreWhereTheDiskHasTheLatest() throws Exception {
        archived();
        var nobody = ObjectStore.newBuilder(server.store())
                .setEndpoint("http://127.0.0.1:1")
                .build();

        var found = fetched("latest", nobody, new RunningStep("rb-derive"));

        assertThat(found.detail())
                .startsWith(
                        "the archive on disk has it; whether the store has what is newer is not known, for the store"
                                + " http://127.0.0.1:1 does not answer");
    }

    @Test
    void passesOverWhatSomebodyHasChangedInTheBucketAndUsesTheRest() throws Exception {
        var run = archived();
        base(run, "20261126-120030", NOON.plusSeconds(30), 2, 10);
        copy();
        overwrite(ROOT + "20261127-110000-9/run.json", "{}".getBytes(StandardCharsets.UTF_8), "0");
        overwrite(ROOT + "20261128-110000-9/run.json", "no JSON".getBytes(StandardCharsets.UTF_8), "0");
        overwrite(ROOT + RUN + "/base/20261126-120030/base.json", new byte[10], "0");
        now = NOON.plus(Duration.ofDays(8));
        assertThat(copy().getNotes())
                .as("removed is what is known to be old")
                .hasSize(2)
                .allSatisfy(note -> assertThat(note)
                        .startsWith("run 2026112")
                        .contains(
                                "stays in the store, for s3://backups/" + ROOT, "run.json is not what was sent there"));
        PrivateFiles.delete(archive.root());

        var told = told("latest");

        assertThat(told)
                .startsWith("base backup 20261126-120000 and the WAL from it")
                .contains(
                        "; passed over: s3://backups/" + ROOT + "20261127-110000-9/run.json is not what was sent there")
                .contains("; passed over: s3://backups/" + ROOT + "20261128-110000-9/run.json")
                .contains("; passed over: s3://backups/" + ROOT + RUN + "/base/20261126-120030/base.json");
    }

    @Test
    void writesAnewWhatIsSaidToBeCoveredWhereSomebodyHasChangedThat() throws Exception {
        archived();
        copy();
        overwrite(ROOT + RUN + "/covered.json", "{\"at\": null}".getBytes(StandardCharsets.UTF_8), "0");

        assertThat(copy().getUntil()).isEqualTo(NOON.plusSeconds(60));

        PrivateFiles.delete(archive.root());
        assertThat(fetch("latest").getRun()).isEqualTo(RUN);
    }

    @Test
    void takesNoRunOutOfTheBucketThatSaysItIsAnother() throws Exception {
        archived();
        copy();
        var about = Files.readString(archive.root().resolve(RUN).resolve("run.json"));
        PrivateFiles.delete(archive.root());
        var hostile = about.replace(RUN, "../" + RUN).getBytes(StandardCharsets.UTF_8);
        overwrite(ROOT + RUN + "/run.json", hostile, "0");

        assertThatThrownBy(() -> fetch("latest"))
                .hasMessageContaining("s3://backups/" + ROOT + RUN + "/run.json is not what was sent there");
        assertThat(archive.root()).isEmptyDirectory();
        assertThat(archive.root().resolveSibling(RUN)).doesNotExist();
    }
}
