package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class RestoreTest {
    private final ControlPlane plane = ControlPlane.shared();

    @Test
    void restoresTheDatabaseFromBeforeTheCorruptionBegan() throws IOException {
        try (var platform = Platform.broken("acc-restore").registered(plane)) {
            var good = platform.data();
            plane.rollbackctl("start", "acc-restore", "--scenario", "restore-point", "--reason", "weekly", "--watch")
                    .succeeded();
            var oldest = plane.lastRollback("acc-restore");
            var point = plane.rollbackctl(
                    "start", "acc-restore", "--scenario", "restore-point", "--reason", "nightly", "--watch");
            assertThat(point.exitCode()).as(point.output()).isZero();
            var id = plane.lastRollback("acc-restore");
            assertThat(plane.rollbackctl("backups", "list", "acc-restore")
                            .succeeded()
                            .output())
                    .containsPattern(id
                            + " +acc-restore .* restore-point +PostgreSQL 15\\.\\d+ +20[-0-9]+ [:0-9]+.* – +restore\n")
                    .contains("is in no restore point; RPO 15 min");
            assertThat(plane.rollbackctl("backups", "show", id).succeeded().output())
                    .contains("into a throwaway server, all rows as dumped", "rollbackctl backups restore " + id);
            var newest = takesNoRestorePointThatIsNotAsItWasTaken(platform);

            var began = Instant.now();
            platform.sql("delete from ingest_log");
            platform.sql("create table since as select generate_series(1, 7) as n");
            flipABitOf(platform.backups.resolve(newest).resolve("database"));
            platform.corrupt("documents");
            plane.alert("acc-restore", "data-corruption", "corrupt", began.toString());
            await("somebody is asked")
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> plane.facts("acc-restore", "GateOpened").size() == 2);
            assertThat(plane.lastRollback("acc-restore"))
                    .as("the newest restore point is damaged, so the next is taken")
                    .endsWith("-2");
            assertThat(platform.states()).as("nothing is stopped unasked").contains("castle-gui running");
            var asked = plane.rollbackctl("status", "acc-restore").succeeded();
            assertThat(asked.output()).contains("go back to restore point " + id, "rollbackctl approve rb-");
            goesOnWithTheNextWhereTheDamageIsMetInTheRestoreItself(platform, id, oldest);
            plane.rollbackctl("approve", "acc-restore", "--reason", "the table is lost")
                    .succeeded();
            var watched = plane.rollbackctl("watch", "acc-restore");

            assertThat(watched.exitCode()).as(watched.output()).isZero();
            assertThat(platform.data()).isEqualTo(good);
            assertThat(platform.health().exitCode()).isZero();
            var report = plane.rollbackctl("report", "acc-restore", "--format", "markdown", "--file", "-");
            assertThat(report.output()).containsPattern("(?i)RPO[^\\n]*15 min[^\\n]*");
            assertThat(report.output())
                    .as("what is lost, and what is back")
                    .containsPattern("Rows before and after the restore: .*ingest.{1,2}log 0 → \\d+")
                    .contains("public.since 7 → no such table");
            dropsWhatWasReplacedOnceItIsAccepted(platform);
            assertThat(platform.data()).isEqualTo(good);
        }
    }

    /** Read back, it was whole. */
    private void goesOnWithTheNextWhereTheDamageIsMetInTheRestoreItself(Platform platform, String id, String next)
            throws IOException {
        var second = plane.lastRollback(platform.name);
        await("it is read back")
                .atMost(Duration.ofMinutes(1))
                .until(() -> plane.factsOf(second, platform.name, "StepSucceeded").stream()
                        .anyMatch(fact -> fact.path("stepId").asString().equals("backup.verify-restore-point")));
        flipABitOf(platform.backups.resolve(id).resolve("database"));

        plane.rollbackctl("approve", platform.name, "--reason", "the table is lost")
                .succeeded();

        await("somebody is asked for the next")
                .atMost(Duration.ofMinutes(3))
                .until(() -> plane.factsOf(second + "-2", platform.name, "GateOpened")
                                .size()
                        == 1);
        assertThat(plane.facts(platform.name, "RollbackFinished")
                        .getLast()
                        .path("outcome")
                        .asString())
                .isEqualTo("COMPENSATED");
        assertThat(plane.facts(platform.name, "RollbackStarted")
                        .getLast()
                        .path("reason")
                        .asString())
                .contains("restore point " + id + " cannot be restored (", "was changed", "the next is ", next);
        assertThat(plane.rollbackctl("status", platform.name).succeeded().output())
                .contains("go back to restore point " + next);
        assertThat(plane.rollbackctl("backups", "list", platform.name)
                        .succeeded()
                        .output())
                .containsPattern(id + " .* analysis only: .*was changed");
    }

    private void dropsWhatWasReplacedOnceItIsAccepted(Platform platform) {
        var rollback = plane.lastRollback("acc-restore");
        assertThat(plane.rollbackctl("replaced", "list", "acc-restore")
                        .succeeded()
                        .output())
                .containsPattern(rollback + " +acc-restore +\\S+__before_\\S+ ");
        var databases = "select string_agg(datname, ' ' order by datname) from pg_database";
        assertThat(platform.value(databases)).contains("__before_");

        var accepted =
                plane.rollbackctl("replaced", "accept", rollback, "--reason", "the table is whole again", "--watch");

        assertThat(accepted.exitCode()).as(accepted.output()).isZero();
        assertThat(platform.value(databases)).doesNotContain("__before_");
        assertThat(plane.rollbackctl("replaced", "list", "acc-restore")
                        .succeeded()
                        .output())
                .isEqualTo("No rollback has replaced a database that is kept.\n");
        var undo = plane.rollbackctl("undo", rollback, "--accept-data-loss", "--reason", "too late");
        assertThat(undo.exitCode()).isEqualTo(4);
        assertThat(undo.output()).contains("cannot be undone");
    }

    /** What is offered then is the one before. */
    private String takesNoRestorePointThatIsNotAsItWasTaken(Platform platform) throws IOException {
        plane.rollbackctl("start", platform.name, "--scenario", "restore-point", "--reason", "second", "--watch")
                .succeeded();
        var id = plane.lastRollback(platform.name);
        var verified = plane.rollbackctl("backups", "verify", id, "--watch").succeeded();
        assertThat(verified.output()).containsPattern("restored into a throwaway PostgreSQL 15.* all as in the dump");
        flipABitOf(platform.backups.resolve(id).resolve("database"));

        var damaged = plane.rollbackctl("backups", "verify", id, "--watch");

        assertThat(damaged.exitCode()).isEqualTo(1);
        assertThat(damaged.output()).contains("was changed");
        assertThat(plane.rollbackctl("backups", "list", platform.name)
                        .succeeded()
                        .output())
                .containsPattern(id + " .* analysis only: the restore point .* is not as its manifest says");
        assertThat(plane.rollbackctl("backups", "restore", id, "--reason", "test")
                        .output())
                .contains("there is no verified restore point " + id);

        // Mended, and learnt anew from the disk: so would a control plane that has lost all it knew. Kafka has the
        // manifest.
        flipABitOf(platform.backups.resolve(id).resolve("database"));
        var manifest = platform.backups.resolve(id).resolve("manifest.json");
        signWithManyFiles(platform.backups.resolve(id));
        plane.rollbackctl("backups", "import", platform.name, "--watch").succeeded();
        var signed = Files.readString(manifest);
        Files.writeString(manifest, signed.replace("\"platform\"", "\"Platform\""));
        assertThat(plane.rollbackctl("backups", "verify", id, "--watch").output())
                .contains("rollbackctl backups import PLATFORM");
        assertThat(plane.rollbackctl("backups", "import", platform.name, "--watch")
                        .succeeded()
                        .output())
                .containsPattern(
                        "3 restore points in .*backups.*; mended from the catalogue, all files compared: " + id);
        assertThat(manifest).hasContent(signed.strip());
        plane.rollbackctl("backups", "verify", id, "--watch").succeeded();
        return id;
    }

    /** So many that their manifest takes several records. */
    private void signWithManyFiles(Path point) throws IOException {
        var many = Files.createDirectories(point.resolve("files/many"));
        var entries = new StringBuilder();
        for (int i = 0; i < 50_000; i++) {
            var file = Files.writeString(many.resolve("file-" + i), "content " + i);
            entries.append("{\"path\":\"files/many/file-%d\",\"size\":%d,\"sha256\":\"%s\"},"
                    .formatted(i, Files.size(file), sha256("content " + i)));
        }
        var manifest = point.resolve("manifest.json");
        var text = Files.readString(manifest).replaceFirst("\"files\" : \\[", "\"files\" : [" + entries);
        Files.writeString(manifest, text);
        Files.writeString(point.resolve("manifest.sha256"), sha256(text) + "  manifest.json\n");
        Files.delete(point.resolve("manifest.sig"));
        assertThat(plane.backups("sign", point.toString()).succeeded().output()).contains("is signed");
    }

    private static String sha256(String text) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void flipABitOf(Path dump) throws IOException {
        try (var files = Files.walk(dump)) {
            var largest = files.filter(Files::isRegularFile)
                    .max(Comparator.comparing(file -> file.toFile().length()))
                    .orElseThrow();
            var bytes = Files.readAllBytes(largest);
            bytes[bytes.length / 2] ^= 1;
            Files.write(largest, bytes);
        }
    }

    @Test
    void takesRestorePointsByItselfAndKeepsAsManyAsTheDescriptorSays() {
        try (var platform = Platform.healthy("acc-schedule")
                .registered(
                        plane,
                        yaml -> yaml.replaceFirst(
                                "(?m)^( +)(directory: .*)$",
                                "$1$2\n$1every: 1h\n$1keep: {last: 1, daily: 0, weekly: 0, monthly: 0}"))) {
            await("the first is taken at once")
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> plane.rollbackctl("backups", "list", "acc-schedule")
                            .output()
                            .contains("acc-schedule: what was committed"));
            var first = plane.lastRollback("acc-schedule");
            assertThat(plane.history("acc-schedule").toString()).contains("\"operator\":\"schedule\"");
            assertThat(platform.backups.resolve(first).resolve("manifest.json")).exists();

            for (int i = 0; i < 2; i++) {
                plane.rollbackctl(
                                "start",
                                "acc-schedule",
                                "--scenario",
                                "restore-point",
                                "--reason",
                                "by hand",
                                "--watch")
                        .succeeded();
            }

            assertThat(platform.backups.resolve(first)).doesNotExist();
            assertThat(plane.rollbackctl("backups", "list", "acc-schedule")
                            .succeeded()
                            .output())
                    .doesNotContain(first)
                    .contains(plane.lastRollback("acc-schedule"));
        }
    }

    @Test
    void startsNothingForCorruptionWithoutARestorePointFromBefore() {
        try (var platform = Platform.built("acc-norestore").registered(plane)) {
            plane.alert(
                    "acc-norestore", "data-corruption", "corrupt", Instant.now().toString());
            await().untilAsserted(() -> assertThat(plane.facts(platform.name, "IncidentIgnored"))
                    .singleElement()
                    .satisfies(fact -> assertThat(fact.path("reason").asString())
                            .contains("no verified restore point was taken before")));
            assertThat(plane.facts(platform.name, "RollbackStarted")).isEmpty();
        }
    }
}
