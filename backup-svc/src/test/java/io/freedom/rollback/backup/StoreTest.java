package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.CopyRestorePoints;
import io.freedom.rollback.schemas.action.FetchRestorePoints;
import io.freedom.rollback.schemas.action.ObjectStore;
import io.freedom.rollback.schemas.action.RestorePointsCopied;
import io.freedom.rollback.schemas.action.RestorePointsFetched;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;

/** Second copies in an S3-speaking server that is a process of its own. */
class StoreTest {
    private static final String ROOT = "site-a/freedom/";

    @TempDir
    private static Path home;

    private static S3Server server;

    @TempDir
    private Path backups;

    private Instant now = Instant.now();

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
    }

    /** @param age hours; the content is that of its name, so that the same files are in all */
    private Path taken(String id, int age, @Nullable String distrust, String... files) throws Exception {
        var point = Files.createDirectories(backups.resolve(id));
        for (var file : files) {
            var path = point.resolve(file);
            Files.createDirectories(path.getParent());
            Files.writeString(path, file);
        }
        sealed(point, age, distrust);
        return point;
    }

    private void sealed(Path point, int age, @Nullable String distrust) throws Exception {
        var id = point.getFileName().toString();
        Vaults.manifests(VAULT, InstantSource.fixed(now.minus(Duration.ofHours(age))))
                .execute(
                        new WriteManifest(point.toString(), "freedom", null, false, "restore-point", distrust),
                        new RunningStep(id));
    }

    private Completed copied(ObjectStore store, RunningStep step, String... removed) throws Exception {
        return new CopyRestorePointsHandler(VAULT, () -> now)
                .execute(new CopyRestorePoints("freedom", backups.toString(), store, List.of(removed)), step);
    }

    /** Of a restore point rb-1, and nothing like any other. */
    private Path big(int bytes) throws Exception {
        var content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        var file = Files.createDirectories(backups.resolve("rb-1/database")).resolve("big");
        Files.write(file, content);
        sealed(backups.resolve("rb-1"), 1, null);
        return file;
    }

    private RestorePointsCopied copy(String... removed) throws Exception {
        return (RestorePointsCopied)
                copied(server.store(), new RunningStep("look"), removed).result();
    }

    private Completed fetched(Path into, @Nullable String id) throws Exception {
        return fetched(into, id, new RunningStep("rb-fetch"));
    }

    private Completed fetched(Path into, @Nullable String id, RunningStep step) throws Exception {
        return fetched(into, id, step, server.store());
    }

    private Completed fetched(Path into, @Nullable String id, RunningStep step, ObjectStore store) throws Exception {
        return new FetchRestorePointsHandler(VAULT)
                .execute(new FetchRestorePoints("freedom", into.toString(), store, id, 0L), step);
    }

    private static long objects() {
        return server.keys().stream()
                .filter(key -> key.startsWith(ROOT + "objects/"))
                .count();
    }

    private static void overwrite(String key, byte[] content) {
        try (var s3 = server.client()) {
            s3.putObject(request -> request.bucket(S3Server.BUCKET).key(key), RequestBody.fromBytes(content));
        }
    }

    @Test
    void copiesWhatIsNotThereYetAndFetchesItBackAsItWas() throws Exception {
        var point = Files.createDirectories(backups.resolve("rb-1/configuration"));
        Files.writeString(point.resolve("run.sh"), "#!/bin/sh");
        Files.setPosixFilePermissions(point.resolve("run.sh"), PrivateFiles.FOLDER);
        Files.writeString(point.resolve("Ünter uns &+.conf"), "öffentlich");
        Files.writeString(point.resolve("empty"), "");
        Files.createSymbolicLink(point.resolve("link"), Path.of("run.sh"));
        sealed(backups.resolve("rb-1"), 1, null);
        Files.writeString(Files.createDirectories(backups.resolve("rb-1/logs")).resolve("api.log"), "line");
        Files.writeString(backups.resolve("rb-1/verified.json"), "{}");

        assertThat(copy().getStored()).containsExactly("rb-1");
        assertThat(copy().getSent()).as("nothing is sent twice").isZero();
        assertThat(server.keys()).contains(ROOT + "points/rb-1/manifest.json", ROOT + "points/rb-1/logs/api.log");

        var disk = backups.resolve("new/disk");
        var result = (RestorePointsFetched) fetched(disk, null).result();

        assertThat(result.getFetched()).containsExactly("rb-1");
        var back = new RestorePoint(disk.resolve("rb-1"));
        ManifestCheck.all(back, Manifest.load(back, VAULT), VAULT, Instant.now(), new RunningStep("check"));
        assertThat(back.directory().resolve("logs/api.log")).hasContent("line");
        assertThat(back.verified()).exists();
        assertThat(Files.getPosixFilePermissions(back.directory().resolve("configuration/run.sh")))
                .contains(PosixFilePermission.OWNER_EXECUTE);
        assertThat(Files.readSymbolicLink(back.directory().resolve("configuration/link")))
                .hasToString("run.sh");
        try (var left = Files.list(disk)) {
            assertThat(left).containsExactly(back.directory());
        }
    }

    @Test
    void sendsAContentOnceForAllRestorePoints() throws Exception {
        taken("rb-1", 2, null, "models/a", "models/b");
        copy();
        taken("rb-2", 1, null, "models/a", "models/b", "models/c");

        var look = copy();

        assertThat(look.getStored()).containsExactly("rb-1", "rb-2");
        assertThat(look.getNotes()).containsExactly("copied rb-2");
        assertThat(objects()).isEqualTo(3);
    }

    @Test
    void copiesNotesThatChangeLater() throws Exception {
        var point = taken("rb-1", 1, null, "models/a");
        Files.writeString(point.resolve("hold.json"), "{\"until\":\"2026-01-01T00:00:00Z\",\"because\":\"a\"}");
        copy();
        Files.writeString(point.resolve("hold.json"), "{\"until\":\"2026-02-01T00:00:00Z\",\"because\":\"a\"}");

        assertThat(copy().getSent()).isPositive();

        fetched(backups.resolve("disk"), "rb-1");
        assertThat(backups.resolve("disk/rb-1/hold.json")).content().contains("2026-02-01");
    }

    @Test
    void goesOnWithAMultipartUploadThatWasInterrupted() throws Exception {
        var big = big(3 * S3Upload.PART + 17);
        // Before the file, at its beginning, and after each part: killed after two of four.
        assertThatThrownBy(() -> copied(server.store(), new RunningStep("look").killedAtCheckpoint(3)))
                .isInstanceOf(StepCancelledException.class);
        assertThat(server.keys()).noneMatch(key -> key.startsWith(ROOT));

        var look = copy();

        assertThat(look.getStored()).containsExactly("rb-1");
        assertThat(look.getSent()).as("the rest alone").isBetween((long) S3Upload.PART, 2L * S3Upload.PART + 10_000);
        fetched(backups.resolve("disk"), null);
        assertThat(backups.resolve("disk/rb-1/database/big")).hasSameBinaryContentAs(big);
    }

    @Test
    void goesOnWithAPartThatWasUnderWayWhenTheStoreDied() throws Exception {
        var big = big(4 * S3Upload.PART + 17);
        try (var line = new LineToStore(server)) {
            line.killsAfterSending(2 * S3Upload.PART + S3Upload.PART / 2);

            var lost = (RestorePointsCopied)
                    copied(line.store(), new RunningStep("look")).result();

            assertThat(lost.getStored()).isEmpty();
            assertThat(lost.getFault()).contains("the store http://127.0.0.1");
            assertThat(line.parts()).containsExactly(1, 2, 3);
            line.isBack();
            assertThat(partsThere(big)).containsExactly(1, 2);

            var look = (RestorePointsCopied)
                    copied(line.store(), new RunningStep("look")).result();

            assertThat(look.getStored()).containsExactly("rb-1");
            assertThat(look.getFault()).isNull();
            assertThat(line.parts())
                    .as("those that were there are not sent again")
                    .containsExactly(3, 4, 5);
        }
        fetched(backups.resolve("disk"), null);
        assertThat(Sha256.of(backups.resolve("disk/rb-1/database/big"), _ -> {}))
                .isEqualTo(Sha256.of(big, _ -> {}));
    }

    /** What a WAL archive sends: it keeps what it has read of a file between its looks. */
    @Test
    void sendsAndReadsTheRestAloneOfALargeFileWhereTheStoreDied() throws Exception {
        var big = big(4 * S3Upload.PART + 17);
        var large = new LargeUploads();
        var key = StoreKeys.WAL + "run-1/base-1/base.tar";
        try (var line = new LineToStore(server);
                var store = S3Store.open(line.store(), "freedom", new RunningStep("look").secrets())) {
            line.killsAfterSending(2 * S3Upload.PART + S3Upload.PART / 2);
            assertThatThrownBy(() -> large.send(store, key, big, (_, _, _) -> true))
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.UNAVAILABLE));
            line.isBack();
            var told = new ArrayList<String>();

            assertThat(large.send(store, key, big, (_, _, far) -> told.add(far)))
                    .isTrue();

            assertThat(line.parts()).containsExactly(3, 4, 5);
            assertThat(told).as("nothing is read for its hash again").allMatch(far -> far.endsWith(" there"));
            var back = Files.createFile(backups.resolve("back"));
            store.get(key, 0, (_, content) -> Files.copy(content, back, StandardCopyOption.REPLACE_EXISTING));
            assertThat(back).hasSameBinaryContentAs(big);
        }
    }

    private static S3Store open(LineToStore line, Duration silence) throws StepFailure {
        return S3Store.open(line.store(), "freedom", new RunningStep("look").secrets(), silence);
    }

    /** Whoever writes to a server that hangs is blocked, and no timeout of a socket is for that. */
    @Test
    @Timeout(60)
    void givesUpAPartThatTheStoreTakesNoByteOfAndGoesOnWithItOnceItDoes() throws Exception {
        var big = big(S3Upload.PART + 17);
        var large = new LargeUploads();
        var key = StoreKeys.WAL + "run-1/base-1/base.tar";
        try (var line = new LineToStore(server);
                var store = open(line, Duration.ofSeconds(30));
                var hasty = open(line, Duration.ofSeconds(1))) {
            line.hangsAfterSending(1 << 20);

            assertDoesNotAnswer(() -> large.send(hasty, key, big, (_, _, _) -> true));

            line.goesOn();
            assertThat(large.send(store, key, big, (_, _, _) -> true)).isTrue();
            assertThat(line.parts()).containsExactly(1, 2);
            var back = backups.resolve("back");
            store.get(key, 0, (_, content) -> Files.copy(content, back));
            assertThat(back).hasSameBinaryContentAs(big);
        }
    }

    @Test
    @Timeout(60)
    void givesUpAStoreThatDoesNotAnswerOrStopsAmidWhatItSends() throws Exception {
        var big = big(2 * S3Upload.PART);
        var key = StoreKeys.OBJECTS + Sha256.of(big, _ -> {});
        copy();
        try (var line = new LineToStore(server);
                var hasty = open(line, Duration.ofSeconds(1))) {
            line.hangsAfterReceiving(1 << 20);

            assertThatThrownBy(() -> hasty.get(key, 0, (_, content) -> content.readAllBytes()))
                    .isInstanceOf(SocketTimeoutException.class);
            assertDoesNotAnswer(() -> hasty.sha256(key));

            line.goesOn();
            assertThat(hasty.sha256(key)).isPresent();
        }
    }

    private static void assertDoesNotAnswer(ThrowingCallable asked) {
        assertThatThrownBy(asked)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.UNAVAILABLE))
                .hasMessageContaining("does not answer");
    }

    private static List<Integer> partsThere(Path file) throws IOException, StepFailure {
        var key = ROOT + "objects/" + Sha256.of(file, _ -> {});
        try (var s3 = server.client()) {
            var begun = s3.listMultipartUploads(
                            request -> request.bucket(S3Server.BUCKET).prefix(key))
                    .uploads();
            assertThat(begun).hasSize(1);
            return s3
                    .listParts(request -> request.bucket(S3Server.BUCKET)
                            .key(key)
                            .uploadId(begun.getFirst().uploadId()))
                    .parts()
                    .stream()
                    .map(part -> part.partNumber())
                    .toList();
        }
    }

    @Test
    void goesOnWithAFetchThatWasUnderWayWhenTheStoreDied() throws Exception {
        var big = big(3 * S3Upload.PART + 17);
        copy();
        var disk = backups.resolve("disk");
        var begun = disk.resolve(".fetching-rb-1/database/big");
        try (var line = new LineToStore(server)) {
            line.killsAfterReceiving(S3Upload.PART + S3Upload.PART / 2);

            assertThatThrownBy(() -> fetched(disk, "rb-1", new RunningStep("rb-fetch"), line.store()))
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.UNAVAILABLE));
            assertThat(disk.resolve("rb-1")).doesNotExist();
            long came = Files.size(begun);
            assertThat(came).isBetween((long) S3Upload.PART, 2L * S3Upload.PART);
            line.isBack();

            var result = (RestorePointsFetched) fetched(disk, "rb-1", new RunningStep("rb-fetch"), line.store())
                    .result();

            assertThat(line.ranges()).containsExactly(came);
            assertThat(result.getBytes()).isLessThan(Files.size(big) - came + 100_000);
        }
        assertThat(Sha256.of(disk.resolve("rb-1/database/big"), _ -> {})).isEqualTo(Sha256.of(big, _ -> {}));
        assertThat(begun).doesNotExist();
    }

    @Test
    void sendsAPartAnewThatIsNotWhatTheFileHas() throws Exception {
        var point = Files.createDirectories(backups.resolve("rb-1/database"));
        var content = new byte[2 * S3Upload.PART];
        new Random(2).nextBytes(content);
        Files.write(point.resolve("big"), content);
        sealed(backups.resolve("rb-1"), 1, null);
        var hash = Sha256.of(point.resolve("big"), _ -> {});
        var key = ROOT + "objects/" + hash;
        try (var s3 = server.client()) {
            var begun = s3.createMultipartUpload(
                    request -> request.bucket(S3Server.BUCKET).key(key).metadata(Map.of(S3Store.SHA256, hash)));
            s3.uploadPart(
                    request -> request.bucket(S3Server.BUCKET)
                            .key(key)
                            .uploadId(begun.uploadId())
                            .partNumber(1),
                    RequestBody.fromBytes(new byte[S3Upload.PART]));
        }

        assertThat(copy().getStored()).containsExactly("rb-1");
        fetched(backups.resolve("disk"), null);
        assertThat(backups.resolve("disk/rb-1/database/big")).hasBinaryContent(content);
    }

    @Test
    void copiesTheOthersWhereOneWasChangedOnDisk() throws Exception {
        taken("rb-1", 2, null, "models/a");
        Files.writeString(taken("rb-2", 1, null, "models/b").resolve("models/b"), "spoilt");

        var look = copy();

        assertThat(look.getStored()).containsExactly("rb-1");
        assertThat(look.getFault())
                .startsWith("rb-2 is not copied: ")
                .contains("models/b is not what its manifest says any more", "rollbackctl backups verify rb-2");
    }

    @Test
    void namesADamagedObjectAndLeavesTheDiskAsItIs() throws Exception {
        taken("rb-1", 2, null, "models/a");
        taken("rb-2", 1, null, "models/b");
        copy();
        var sum = Sha256.of("models/b");
        overwrite(ROOT + "objects/" + sum, "models/X".getBytes(StandardCharsets.UTF_8));
        var disk = backups.resolve("disk");

        assertThatThrownBy(() -> fetched(disk, null))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("s3://backups/site-a/freedom/objects/" + sum + " is damaged: restore point rb-2")
                .hasMessageContaining("--id");
        assertThat(disk.resolve("rb-2")).doesNotExist();
        try (var s3 = server.client()) {
            s3.deleteObject(request -> request.bucket(S3Server.BUCKET).key(ROOT + "objects/" + sum));
        }
        assertThatThrownBy(() -> fetched(disk, "rb-2")).hasMessageContaining("objects/" + sum + " is not there");
        fetched(disk, "rb-1");
        assertThat(disk.resolve("rb-1/models/a")).hasContent("models/a");
    }

    /** Who can write into the bucket has no key: nothing unsigned takes the place of what is signed, and nothing fills disk or memory. */
    @Test
    void fetchesNothingInPlaceOfWhatIsSignedNorWithoutBound() throws Exception {
        taken("rb-1", 2, null, "models/a");
        taken("rb-2", 1, null, "models/b");
        copy();
        var huge = Files.write(home.resolve("huge"), new byte[S3Store.LARGEST + 1]);
        put("points/rb-1/models/a", Files.writeString(home.resolve("evil"), "evil"));
        put("points/rb-1/huge.log", huge);
        put("points/rb-1/note.log", Files.writeString(home.resolve("note"), "note"));
        put("points/rb-2/manifest.json", huge);
        put("objects/" + Sha256.of("models/a"), huge);
        var disk = backups.resolve("disk");

        var most = new RunningStep("rb-fetch").killedAtCheckpoint(50);
        assertThatThrownBy(() -> fetched(disk, null, most))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("objects/" + Sha256.of("models/a") + " is damaged");
        put("objects/" + Sha256.of("models/a"), Files.writeString(home.resolve("a"), "models/a"));
        var fetched = fetched(disk, null);

        assertThat(fetched.detail()).startsWith("rb-1 fetched").contains("manifest.json is larger than 64 MiB");
        assertThat(disk.resolve("rb-1/models/a")).hasContent("models/a");
        assertThat(disk.resolve("rb-1/note.log")).hasContent("note");
        assertThat(disk.resolve("rb-1/huge.log")).doesNotExist();
    }

    /** With the hash that it has. */
    private static void put(String key, Path file) throws Exception {
        var sum = Sha256.of(file, _ -> {});
        try (var s3 = server.client()) {
            s3.putObject(
                    request -> request.bucket(S3Server.BUCKET).key(ROOT + key).metadata(Map.of(S3Store.SHA256, sum)),
                    RequestBody.fromFile(file));
        }
    }

    @Test
    void goesOnWithAFetchThatWasInterrupted() throws Exception {
        taken("rb-1", 1, null, "models/a", "models/b");
        copy();
        var disk = backups.resolve("disk");
        var begun = Files.createDirectories(disk.resolve(".fetching-rb-1/models"));
        Files.writeString(begun.resolve("a"), "models/a");
        Files.writeString(begun.resolve("b"), "mod");

        var result = (RestorePointsFetched) fetched(disk, null).result();

        assertThat(result.getBytes())
                .isLessThan(Files.size(disk.resolve("rb-1/manifest.json"))
                        + Files.size(disk.resolve("rb-1/manifest.sha256"))
                        + Files.size(disk.resolve("rb-1/manifest.sig"))
                        + 10);
        assertThat(disk.resolve("rb-1/models/b")).hasContent("models/b");
    }

    @Test
    void fetchesTheNewestThatMayBeRestoredAndSaysWhatElseThereIs() throws Exception {
        taken("rb-1", 3, null, "models/a");
        taken("rb-2", 2, null, "models/b");
        taken("rb-3", 1, "it was taken after a breach", "models/c");
        copy();
        var disk = backups.resolve("disk");

        var first = fetched(disk, null);
        var second = fetched(disk, null);

        assertThat(((RestorePointsFetched) first.result()).getFetched()).containsExactly("rb-2");
        assertThat(first.detail())
                .contains("in the store alone: rb-3, rb-1", "rollbackctl backups import freedom --id ID");
        assertThat(((RestorePointsFetched) second.result()).getFetched()).isEmpty();
        assertThatThrownBy(() -> fetched(disk, "rb-7")).hasMessageContaining("has no restore point rb-7: it has rb-1");
        assertThatThrownBy(() -> fetched(disk, "rb-2")).hasMessageContaining("is there already");
    }

    @Test
    void saysWhyTheStoreCannotBeUsed() throws Exception {
        taken("rb-1", 1, null, "models/a");
        var right = server.store();

        assertThatThrownBy(() -> copied(
                        ObjectStore.newBuilder(right).setSecretKey("wrong").build(), new RunningStep("look")))
                .hasMessageContaining("refuses the keys (SignatureDoesNotMatch): mend what backups.store.s3.accessKey");
        assertThatThrownBy(() -> copied(
                        ObjectStore.newBuilder(right).setAccessKey("wrong").build(), new RunningStep("look")))
                .hasMessageContaining("refuses the keys (InvalidAccessKeyId)");
        assertThatThrownBy(() ->
                        copied(ObjectStore.newBuilder(right).setBucket("other").build(), new RunningStep("look")))
                .hasMessageContaining("there is no bucket other at the store http://127.0.0.1");
        assertThatThrownBy(() -> copied(
                        ObjectStore.newBuilder(right)
                                .setEndpoint("http://no-such-host.invalid")
                                .build(),
                        new RunningStep("look")))
                .hasMessageContaining("the host of the store http://no-such-host.invalid is not known");
        assertThatThrownBy(() -> copied(
                        ObjectStore.newBuilder(right)
                                .setSecretKey("${env:NOT_THERE}")
                                .build(),
                        new RunningStep("look")))
                .hasMessageContaining("NOT_THERE");
    }

    @Test
    void goesOnOnceTheStoreIsBack() throws Exception {
        taken("rb-1", 2, null, "models/a");
        copy();
        taken("rb-2", 1, null, "models/b");
        server.kill();
        assertThatThrownBy(this::copy)
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("does not answer: see whether it runs");
        server.start();

        assertThat(copy().getStored()).containsExactly("rb-1", "rb-2");
    }

    @Test
    void removesWhatRetentionHasRemovedButNothingThatIsHeldOrHereOrNeeded() throws Exception {
        taken("rb-1", 4, null, "models/a", "models/only-1");
        var held = taken("rb-2", 3, null, "models/b");
        Files.writeString(held.resolve("hold.json"), Json.text(new Hold(now.plus(Duration.ofDays(90)), "an incident")));
        taken("rb-3", 2, null, "models/a");
        copy();
        PrivateFiles.delete(backups.resolve("rb-1"));
        PrivateFiles.delete(held);

        var look = copy("rb-1", "rb-2", "rb-3");

        assertThat(look.getStored()).containsExactly("rb-2", "rb-3");
        assertThat(server.keys()).noneMatch(key -> key.contains("points/rb-1"));
        assertThat(objects()).as("young ones stay").isEqualTo(3);
        now = now.plus(Duration.ofDays(2));
        assertThat(copy().getNotes()).containsExactly("removed 1 objects that no restore point needs any more");
        assertThat(server.keys()).doesNotContain(ROOT + "objects/" + Sha256.of("models/only-1"));
        assertThat(objects()).isEqualTo(2);
    }

    @Test
    void removesNothingWhereTheDiskIsGone() throws Exception {
        taken("rb-1", 1, null, "models/a");
        copy();
        PrivateFiles.delete(backups.resolve("rb-1"));
        now = now.plus(Duration.ofDays(2));

        assertThat(copy().getStored()).containsExactly("rb-1");
        assertThat(fetched(backups.resolve("disk"), null).detail()).startsWith("rb-1 fetched");
    }

    @Test
    void stopsInTimeAndGoesOnWithTheNextLook() throws Exception {
        taken("rb-1", 1, null, "models/a");
        var late = new CopyRestorePointsHandler(VAULT, () -> now.plus(Duration.ofHours(1)));

        var look = (RestorePointsCopied) late.execute(
                        new CopyRestorePoints("freedom", backups.toString(), server.store(), List.of()),
                        new RunningStep("look"))
                .result();

        assertThat(look.getBusy()).isTrue();
        assertThat(look.getFault()).isNull();
        assertThat(copy().getStored()).containsExactly("rb-1");
    }

    @Test
    void comparesALargeFileThatTheManifestDoesNotNameByItsHash() throws Exception {
        var point = taken("rb-1", 1, null, "models/a");
        var log = Files.createDirectories(point.resolve("logs")).resolve("api.log");
        Files.write(log, new byte[S3Upload.PART + 1]);
        copy();
        assertThat(copy().getSent()).isZero();
        Files.setLastModifiedTime(log, FileTime.from(now.minus(Duration.ofDays(1))));
        assertThat(copy().getSent()).isZero();
    }
}
