package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** What is committed between restore points is not lost: it is archived, and any moment can be restored. */
@Tag("engine")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PointInTimeTest {
    private static final String NAME = "acc-wal";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final ControlPlane plane = ControlPlane.shared();
    private Platform platform;

    @BeforeAll
    void start() {
        platform = Platform.healthy(NAME);
        register("prove: never\n  wal: {}");
        platform.sql("create table numbers (n int primary key)");
        awaitArchived(1);
    }

    @AfterAll
    void remove() {
        platform.close();
    }

    private void register(String settings) {
        platform.registered(
                plane,
                yaml -> yaml.replaceFirst("(?m)^( +)(directory: .*)$", "$1$2\n$1" + settings)
                        .replace("DATA_CORRUPTION: full-rollback", "DATA_CORRUPTION: none"));
    }

    private void awaitArchived(int times) {
        await("any moment can be derived")
                .atMost(PATIENCE)
                .until(() -> plane.facts(NAME, "WalArchived").size() >= times);
    }

    private String derive(String moment) {
        plane.rollbackctl("backups", "derive", NAME, "--at", moment, "--reason", "test", "--watch")
                .succeeded();
        return plane.lastRollback(NAME);
    }

    private String containers() {
        return Shell.run(
                        platform.tree,
                        "docker",
                        "ps",
                        "--all",
                        "--quiet",
                        "--filter",
                        "label=io.freedom.rollback.wal=" + NAME)
                .succeeded()
                .output();
    }

    @Test
    @Order(1)
    void bringsBackWhatWasThereRightBeforeTheIncident() {
        var moment = "before-incident";
        assertThat(plane.rollbackctl("backups", "restore", NAME, "--at", moment, "--reason", "test")
                        .output())
                .contains("The history knows no incident of " + NAME);
        platform.sql("insert into numbers select generate_series(1, 500)");
        var began = platform.value(
                "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
        platform.sql("delete from numbers");
        plane.rollbackctl(
                "incident",
                "raise",
                NAME,
                "--class",
                "data-corruption",
                "--summary",
                "rows are gone",
                "--began",
                began);

        var said = plane.rollbackctl("backups", "restore", NAME, "--at", moment, "--reason", "test", "--watch")
                .succeeded()
                .output();

        assertThat(said)
                .contains(
                        "To the moment "
                                + Instant.parse(began)
                                        .truncatedTo(ChronoUnit.MILLIS)
                                        .minusMillis(1)
                                + ", right before \"rows are gone\" began at ",
                        "database-restore follows with the restore point that it makes");
        assertThat(plane.rollbackctl("backups", "list", NAME).succeeded().output())
                .contains("restore-point-derive", NAME + ": the WAL archive has all that was committed since");
        assertThat(platform.value("select count(*) from numbers")).isEqualTo("500");
        assertThat(platform.health().exitCode()).isZero();
    }

    @Test
    @Order(2)
    void saysHowFarTheArchiveReaches() {
        var early = plane.rollbackctl(
                "backups", "derive", NAME, "--at", "2020-01-01T00:00:00Z", "--reason", "test", "--watch");

        assertThat(early.exitCode()).isNotZero();
        assertThat(early.output())
                .contains(
                        "2020-01-01T00:00:00Z is not in the WAL archive, which reaches from ", "choose a moment in it");
    }

    @Test
    @Order(2)
    void isProvenByRecoveringAServerFromIt() {
        assertThat(plane.rollbackctl("backups", "list", NAME).succeeded().output())
                .contains("no server was ever recovered to prove it; now: rollbackctl backups verify " + NAME);

        plane.rollbackctl("backups", "verify", NAME, "--wal", "--watch").succeeded();

        assertThat(plane.rollbackctl("backups", "list", NAME).succeeded().output())
                .contains("from the WAL archive a server was recovered ", " with all that was committed until ");
    }

    @Test
    @Order(3)
    void losesNothingThatIsAcknowledgedDuringAWholeRollback() throws Exception {
        var writer = Writer.through(platform, "Number");
        try (writer) {
            await("it writes").atMost(PATIENCE).until(() -> writer.acknowledged.size() > 10);
            plane.rollbackctl("start", NAME, "--scenario", "full-rollback", "--reason", "test", "--watch")
                    .succeeded();
            int before = writer.acknowledged.size();
            await("it writes again").atMost(PATIENCE).until(() -> writer.acknowledged.size() > before + 10);
        }

        var written = platform.value("select title from documents where title like 'Number %'")
                .lines()
                .toList();
        assertThat(written).containsAll(writer.acknowledged);
        assertThat(writer.refused).as("it did not serve all the time").isPositive();
        assertThat(plane.factsOf(plane.lastRollback(NAME), NAME, "StepSucceeded"))
                .anyMatch(step -> step.path("detail").asString().contains("WAL archived up to "));
    }

    @Test
    @Order(4)
    void losesNothingThatWasAcknowledgedWhenTheServersDiskIsLost() {
        for (int n = 1001; n <= 1010; n++) {
            platform.sql("insert into numbers values (" + n + ")");
        }
        int archived = plane.facts(NAME, "WalArchived").size();
        loseTheDisk();

        var derived = derive("latest");
        plane.rollbackctl(
                        "start", NAME, "--scenario", "database-rebuild", "--restore-point", derived, "--reason", "test")
                .succeeded();
        await("somebody is asked")
                .atMost(PATIENCE)
                .until(() -> !plane.facts(NAME, "GateOpened").isEmpty());
        plane.rollbackctl("approve", NAME, "--reason", "the disk is lost").succeeded();
        plane.rollbackctl("watch", NAME).succeeded();

        assertThat(platform.value("select count(*) from numbers where n > 1000"))
                .isEqualTo("10");
        assertThat(platform.health().exitCode()).isZero();
        awaitArchived(archived + 1); // the new server's
        assertThat(plane.facts(NAME, "WalArchiveInterrupted")).isNotEmpty();
    }

    private void loseTheDisk() {
        var volume = Shell.run(
                        platform.tree,
                        "docker",
                        "inspect",
                        "--format",
                        "{{range .Mounts}}{{if eq .Destination \"/var/lib/postgresql/data\"}}{{.Name}}{{end}}{{end}}",
                        platform.ids().get("postgres"))
                .succeeded()
                .output()
                .strip();
        platform.compose("kill", "postgres").succeeded();
        Shell.run(
                        platform.tree,
                        Map.of(),
                        List.of(
                                "docker",
                                "run",
                                "--rm",
                                "--volume",
                                volume + ":/lost",
                                "--entrypoint",
                                "find",
                                "rollback-local/postgres:15",
                                "/lost",
                                "-mindepth",
                                "1",
                                "-delete"))
                .succeeded();
    }

    @Test
    @Order(5)
    void leavesNothingBehindOnceNobodyWantsIt() {
        assertThat(containers()).isNotBlank();

        register("prove: never");

        await().atMost(PATIENCE).until(() -> containers().isBlank());
        await().atMost(PATIENCE)
                .until(() -> platform.value("select count(*) from pg_replication_slots")
                        .equals("0"));
    }
}
