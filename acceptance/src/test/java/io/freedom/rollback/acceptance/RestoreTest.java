package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class RestoreTest {
    private final ControlPlane plane = ControlPlane.shared();

    @Test
    void restoresTheDatabaseFromBeforeTheCorruptionBegan() {
        try (var platform = Platform.broken("acc-restore").registered(plane)) {
            var good = platform.data();
            var point = plane.rollbackctl(
                    "start", "acc-restore", "--scenario", "restore-point", "--reason", "nightly", "--watch");
            assertThat(point.exitCode()).as(point.output()).isZero();

            var began = Instant.now();
            platform.sql("delete from ingest_log");
            platform.corrupt("documents");
            plane.alert("acc-restore", "data-corruption", "corrupt", began.toString());
            var watched = plane.rollbackctl("watch", "acc-restore", "--since", began.toString());

            assertThat(watched.exitCode()).as(watched.output()).isZero();
            assertThat(platform.data()).isEqualTo(good);
            assertThat(platform.health().exitCode()).isZero();
        }
    }

    @Test
    void startsNothingForCorruptionWithoutARestorePointFromBefore() {
        try (var platform = Platform.built("acc-norestore").registered(plane)) {
            plane.alert(
                    "acc-norestore", "data-corruption", "corrupt", Instant.now().toString());
            org.awaitility.Awaitility.await()
                    .untilAsserted(() -> assertThat(plane.facts(platform.name, "IncidentIgnored"))
                            .singleElement()
                            .satisfies(fact -> assertThat(fact.path("reason").asString())
                                    .contains("no verified restore point was taken before")));
            assertThat(plane.facts(platform.name, "RollbackStarted")).isEmpty();
        }
    }
}
