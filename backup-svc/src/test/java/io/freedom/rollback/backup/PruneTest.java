package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.HoldRestorePoint;
import io.freedom.rollback.schemas.action.PruneRestorePoints;
import io.freedom.rollback.schemas.action.RestorePointsPruned;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.worker.Completed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PruneTest {
    private static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");

    @TempDir
    private Path backups;

    @BeforeAll
    static void trust() {
        TrustedSchemas.trust();
    }

    private Path taken(String id, String platform) throws Exception {
        var directory = Files.createDirectories(backups.resolve(id).resolve("models"));
        Files.writeString(directory.resolve("a"), "0123456789");
        Files.createSymbolicLink(directory.resolve("link"), backups.resolve("outside"));
        Vaults.manifests(VAULT, InstantSource.fixed(NOW))
                .execute(
                        new WriteManifest(backups.resolve(id).toString(), platform, null, false, "restore-point", null),
                        new RunningStep(id));
        return backups.resolve(id);
    }

    private void held(Path point, Duration time) throws Exception {
        new HoldRestorePointHandler(VAULT, InstantSource.fixed(NOW))
                .execute(
                        new HoldRestorePoint(point.toString(), time.toMillis(), "an incident", null),
                        new RunningStep("rb"));
    }

    private Completed prune(Instant now, Path... points) throws Exception {
        var directories = Arrays.stream(points).map(Path::toString).toList();
        return new PruneRestorePointsHandler(VAULT, InstantSource.fixed(now))
                .execute(new PruneRestorePoints("freedom", directories), new RunningStep("rb-9"));
    }

    @Test
    void removesWhatItIsToldAndNothingThatALinkLeadsTo() throws Exception {
        Files.writeString(Files.createDirectory(backups.resolve("outside")).resolve("file"), "stays");
        var old = taken("rb-1", "freedom");
        var young = taken("rb-2", "freedom");

        var done =
                (RestorePointsPruned) prune(NOW, old, backups.resolve("rb-0")).result();

        assertThat(done.getRemoved()).as("also what is gone already").containsExactly("rb-1", "rb-0");
        assertThat(done.getFreed()).isGreaterThanOrEqualTo(10);
        assertThat(old).doesNotExist();
        assertThat(young.resolve("manifest.json")).exists();
        assertThat(backups.resolve("outside/file")).exists();
        try (var left = Files.list(backups)) {
            assertThat(left.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("outside", "rb-2");
        }
    }

    @Test
    void leavesWhatIsHeldUntilThatIsOver() throws Exception {
        var point = taken("rb-1", "freedom");
        held(point, Duration.ofDays(30));

        var early = prune(NOW.plus(Duration.ofDays(29)), point);
        assertThat(((RestorePointsPruned) early.result()).getLeft()).containsExactly("rb-1");
        assertThat(early.detail()).contains("rb-1 is held until 2026-03-31T03:00:00Z, an incident");
        assertThat(point).exists();

        prune(NOW.plus(Duration.ofDays(31)), point);
        assertThat(point).doesNotExist();
    }

    @Test
    void leavesWhatItDoesNotKnow() throws Exception {
        var others = taken("rb-1", "other");
        var nothing = Files.createDirectory(backups.resolve("rb-2"));
        var changed = taken("rb-3", "freedom");
        Files.writeString(changed.resolve("manifest.json"), "{}");

        var done = (RestorePointsPruned) prune(NOW, others, nothing, changed).result();

        assertThat(done.getRemoved()).isEmpty();
        assertThat(done.getLeft()).containsExactly("rb-1", "rb-2", "rb-3");
        assertThat(others.resolve("models/a")).exists();
        assertThat(nothing).exists();
        assertThat(changed).exists();
    }

    @Test
    void forgetsNothingWhereAllAreGoneButTheNewest() throws Exception {
        taken("rb-9", "freedom"); // it has just been taken

        var done = prune(NOW, backups.resolve("rb-1"));

        assertThat(((RestorePointsPruned) done.result()).getLeft()).containsExactly("rb-1");
        assertThat(done.detail()).contains("is what they are on mounted?");
    }

    @Test
    void finishesWhatAnInterruptedAttemptHadMovedAside() throws Exception {
        var point = taken("rb-1", "freedom");
        Files.move(point, backups.resolve(".pruned-rb-1"));

        var done = (RestorePointsPruned) prune(NOW, point).result();

        assertThat(done.getRemoved()).containsExactly("rb-1");
        assertThat(backups.resolve(".pruned-rb-1")).doesNotExist();
    }
}
