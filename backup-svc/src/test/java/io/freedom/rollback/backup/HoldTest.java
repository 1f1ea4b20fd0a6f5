package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.HoldRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointHeld;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HoldTest {
    private static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");

    @TempDir
    private Path temp;

    @BeforeAll
    static void trust() {
        TrustedSchemas.trust();
    }

    private RestorePointHeld hold(Duration time, String because) throws Exception {
        var action = new HoldRestorePoint(temp.toString(), time.toMillis(), because, null);
        var done =
                new HoldRestorePointHandler(VAULT, InstantSource.fixed(NOW)).execute(action, new RunningStep("rb-1"));
        return (RestorePointHeld) done.result();
    }

    @Test
    void saysInTheRestorePointUntilWhenAndWhyAndLeavesItsManifestTrue() throws Exception {
        Files.writeString(temp.resolve("a"), "content");
        var step = new RunningStep("rb-1");
        Vaults.manifests(VAULT, InstantSource.fixed(NOW))
                .execute(new WriteManifest(temp.toString(), "freedom", null, false, "restore-point", null), step);

        assertThat(hold(Duration.ofDays(30), "full-rollback rb-1").getUntil()).isEqualTo(NOW.plus(Duration.ofDays(30)));

        assertThat(temp.resolve("hold.json")).content().contains("2026-03-31T03:00:00Z", "full-rollback rb-1");
        var point = RestorePoint.at(temp.toString());
        ManifestCheck.all(point, Manifest.load(point, VAULT), VAULT, NOW, step);
    }

    @Test
    void holdsTheOneThatIsRestoredAlsoWhereThereIsNoneOfTheRollback() throws Exception {
        var own = Files.createDirectory(temp.resolve("rb-2"));
        var restored = Files.createDirectory(temp.resolve("rb-1"));
        var handler = new HoldRestorePointHandler(VAULT, InstantSource.fixed(NOW));
        var action = new HoldRestorePoint(
                own.toString(), Duration.ofDays(1).toMillis(), "database-restore rb-2", restored.toString());

        assertThat(handler.execute(action, new RunningStep("rb-2")).detail())
                .isEqualTo("rb-2 is held until 2026-03-02T03:00:00Z; rb-1 is held until 2026-03-02T03:00:00Z");
        assertThat(own.resolve("hold.json")).exists();
        assertThat(restored.resolve("hold.json")).content().contains("database-restore rb-2");

        Files.delete(own.resolve("hold.json"));
        Files.delete(own);
        assertThat(handler.execute(action, new RunningStep("rb-2")).detail())
                .isEqualTo("there is no rb-2; rb-1 is held until 2026-03-02T03:00:00Z");
        assertThat(own).doesNotExist();
    }

    @Test
    void neverShortensAHold() throws Exception {
        hold(Duration.ofDays(30), "an incident");

        assertThat(hold(Duration.ofDays(1), "another").getUntil()).isEqualTo(NOW.plus(Duration.ofDays(30)));
        assertThat(temp.resolve("hold.json")).content().contains("an incident");
        assertThat(hold(Duration.ofDays(60), "a long one").getUntil()).isEqualTo(NOW.plus(Duration.ofDays(60)));
    }
}
