package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.state.LogLooks;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.state.StoredCopies;
import io.freedom.rollback.schemas.state.StoredWal;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecoveryPointsTest {
    private static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");

    static {
        TrustedSchemas.trust();
    }

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final RecoveryPoints points = new RecoveryPoints(() -> NOW);

    private double value(String name) {
        return meters.get(name).tag("platform", "shop").gauge().value();
    }

    private static PlatformState state(RestorePoint... known) {
        return PlatformState.newBuilder(Platforms.unknown("shop"))
                .setRestorePoints(List.of(known))
                .build();
    }

    private static RestorePoint point(String id, int ago) {
        return RestorePoint.newBuilder()
                .setId(id)
                .setDirectory("/backups/" + id)
                .setTakenAt(NOW.minusSeconds(ago))
                .build();
    }

    @Test
    void tellsHowOldTheNewestIsThatCanBeRestored() {
        points.note(state());
        points.bindTo(meters);
        assertThat(value("rollback.restore.point.age")).isNaN();

        points.note(state(point("rb-0", 600), point("rb-1", 60)));
        assertThat(value("rollback.restore.point.age")).isEqualTo(60);
        assertThat(value("rollback.restore.point.proven.age")).isNaN();

        var proven = Platforms.proven(state(point("rb-0", 600), point("rb-1", 60)), "rb-0", NOW.minusSeconds(30));
        points.note(Platforms.blamed(proven, "rb-1", "toc.dat was changed"));
        assertThat(value("rollback.restore.point.age")).isEqualTo(600);
        assertThat(value("rollback.restore.point.proven.age")).isEqualTo(30);

        points.forget("shop");
        assertThat(value("rollback.restore.point.age")).isNaN();
    }

    @Test
    void tellsHowOldTheNewestIsThatIsInTheStore() {
        points.bindTo(meters);
        points.note(state(point("rb-0", 600), point("rb-1", 60)));
        assertThat(value("rollback.store.age")).isNaN();

        var copies = StoredCopies.newBuilder()
                .setId("s")
                .setNext(NOW)
                .setLast(NOW)
                .setStored(List.of("rb-0", "rb-other"))
                .build();
        points.note(Platforms.copied(state(point("rb-0", 600), point("rb-1", 60)), copies));
        assertThat(value("rollback.store.age")).isEqualTo(600);
    }

    @Test
    void tellsHowLongAgoAllThatWasCommittedWasInTheStore() {
        points.bindTo(meters);
        points.note(state());
        assertThat(value("rollback.store.wal.age")).isNaN();

        var copied = StoredWal.newBuilder()
                .setId("s")
                .setNext(NOW)
                .setLast(NOW)
                .setUntil(NOW.minusSeconds(300))
                .build();
        points.note(Platforms.copiedWal(state(), copied));
        assertThat(value("rollback.store.wal.age")).isEqualTo(300);
    }

    @Test
    void tellsHowLongAgoAServerWasRecoveredFromTheWalArchive() {
        points.bindTo(meters);
        points.note(state());
        assertThat(value("rollback.wal.archive.proven.age")).isNaN();

        points.note(Platforms.provenWal(state(), NOW.minusSeconds(3600)));
        assertThat(value("rollback.wal.archive.proven.age")).isEqualTo(3600);
    }

    @Test
    void tellsHowOldTheLogsAreThatAreKept() {
        points.bindTo(meters);
        points.note(state());
        assertThat(value("rollback.logs.age")).isNaN();

        var looks = LogLooks.newBuilder()
                .setId("logs-shop")
                .setNext(NOW)
                .setLast(NOW)
                .setUntil(NOW.minusSeconds(90))
                .build();
        points.note(Platforms.logged(state(), looks));
        assertThat(value("rollback.logs.age")).isEqualTo(90);

        points.note(Platforms.logged(state(), null));
        assertThat(value("rollback.logs.age")).isNaN();
    }

    @Test
    void tellsHowOldTheConfigurationIsThatIsRecorded() {
        points.bindTo(meters);
        points.note(state());
        assertThat(value("rollback.configuration.age")).isNaN();

        var looks = LogLooks.newBuilder()
                .setId("configuration-shop")
                .setNext(NOW)
                .setLast(NOW)
                .setUntil(NOW.minusSeconds(20))
                .build();
        points.note(Platforms.configured(state(), looks));
        assertThat(value("rollback.configuration.age")).isEqualTo(20);
    }
}
