package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.FindRestorePoints;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FindRestorePointsTest {
    private static final Instant NOW = Instant.parse("2026-11-24T03:00:00Z");

    @TempDir
    private Path backups;

    private RestorePoint taken(String id, String platform, @Nullable String takenBy, @Nullable String distrust)
            throws Exception {
        var folder = Files.createDirectories(backups.resolve(id).resolve("files"));
        Files.writeString(folder.resolve("app.conf"), "content");
        var point = RestorePoint.at(backups.resolve(id).toString());
        var at = NOW.plusSeconds(Files.list(backups).count());
        Vaults.manifests(VAULT, () -> at)
                .execute(
                        new WriteManifest(point.directory().toString(), platform, null, false, takenBy, distrust),
                        new RunningStep(id));
        return point;
    }

    private RestorePointsFound find(@Nullable String database) throws Exception {
        return (RestorePointsFound) new FindRestorePointsHandler(VAULT, () -> NOW.plusSeconds(60), (_, _) -> Map.of())
                .execute(new FindRestorePoints("shop", backups.toString(), database), new RunningStep("rb-find"))
                .result();
    }

    @Test
    void findsWhatIsOnDiskOldestFirstAndReadsBackWhatNeverWas() throws Exception {
        taken("rb-b", "shop", "restore-point", null);
        var held = taken("rb-a", "shop", "full-rollback", "taken after a data corruption");
        PrivateFiles.write(held.hold(), Json.text(new Hold(NOW.plusSeconds(600), "full-rollback rb-a")));
        Files.createDirectories(backups.resolve("rb-logs/logs"));
        Files.createDirectories(backups.resolve(".volumes"));

        var found = find(null);

        assertThat(found.getPassedOver()).isEmpty();
        assertThat(found.getRestorePoints())
                .extracting(FoundRestorePoint::getRestorePointId)
                .containsExactly("rb-b", "rb-a");
        var first = found.getRestorePoints().getFirst();
        assertThat(first.getTakenAt()).isEqualTo(NOW.plusSeconds(1));
        assertThat(first.getVerifiedAt()).isEqualTo(NOW.plusSeconds(60));
        assertThat(first.getFiles()).isEqualTo(1);
        assertThat(first.getDistrust()).isNull();
        var second = found.getRestorePoints().getLast();
        assertThat(second.getDistrust()).isEqualTo("taken after a data corruption");
        assertThat(second.getHeldUntil()).isEqualTo(NOW.plusSeconds(600));
        assertThat(second.getTakenBy()).isEqualTo("full-rollback");
        Verification.require(held);
    }

    @Test
    void passesOverWhatIsOfAnotherPlatformOrWasChanged() throws Exception {
        taken("rb-other", "elsewhere", "restore-point", null);
        taken("rb-changed", "shop", "restore-point", null);
        Files.writeString(backups.resolve("rb-changed/files/app.conf"), "CONTENT");

        var found = find(null);

        assertThat(found.getRestorePoints()).isEmpty();
        assertThat(found.getPassedOver())
                .anyMatch(line -> line.equals("rb-other: it is restore point rb-other of elsewhere"))
                .anyMatch(line -> line.startsWith("rb-changed: ") && line.contains("app.conf was changed"));
    }

    @Test
    void offersNothingThatCannotBeRestored() throws Exception {
        var point = taken("rb-1", "shop", "restore-point", null);
        assertThat(find("kb").getRestorePoints().getFirst().getDistrust()).isEqualTo("it has no dump of kb");

        var sum = Sha256.of(Files.readString(point.manifest()));
        PrivateFiles.write(
                point.proven(), Json.text(new Proof("rb-1", NOW, sum, null, 0, 0, "it cannot be restored: no")));
        assertThat(find(null).getRestorePoints().getFirst().getFault()).isEqualTo("it cannot be restored: no");

        PrivateFiles.write(point.proven(), Json.text(new Proof("rb-1", NOW, sum, "15.18", 1, 1, null)));
        assertThat(find(null).getRestorePoints().getFirst().getProvenAt()).isEqualTo(NOW);

        taken("rb-old", "shop", null, null);
        assertThat(find(null).getRestorePoints().getLast().getDistrust()).startsWith("an older release took it");
    }

    @Test
    void saysThatTheFolderIsNotThere() {
        var action = new FindRestorePoints("shop", backups.resolve("none").toString(), null);

        assertThatThrownBy(() -> new FindRestorePointsHandler(VAULT, () -> NOW, (_, _) -> Map.of())
                        .execute(action, new RunningStep("rb-find")))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("is what restore points are on mounted?");
    }
}
