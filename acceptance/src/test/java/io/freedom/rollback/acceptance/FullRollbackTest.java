package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class FullRollbackTest {
    private final ControlPlane plane = ControlPlane.shared();

    @Test
    void rollsABrokenPlatformBackOnceHoweverOftenItIsReportedAndKeepsItsData() throws Exception {
        try (var platform = Platform.broken("acc-full").registered(plane)) {
            platform.sql("insert into documents (title, body) select 'Late ' || n, 'x' from generate_series(1, 7) n");
            // As the broken version does it: the database server, which runs on, has errors of the incident in its log.
            platform.compose(
                    "exec", "-T", "postgres", "psql", "-U", "freedom", "-d", "freedom_kb", "-c", "table document");
            var before = platform.data();
            var broken = platform.git("rev-parse", "HEAD");
            var configuration = new HashMap<String, String>();
            for (var file : List.of("docker-compose.yml", "config/gateway.json")) {
                configuration.put(file, Files.readString(platform.tree.resolve(file)));
            }
            assertThat(platform.health().exitCode())
                    .as("the platform is broken")
                    .isNotZero();

            var began = Instant.now().toString();
            plane.alert("acc-full", "service-degradation", "same", began);
            plane.alert("acc-full", "service-degradation", "same", began);
            plane.alert("acc-full", "service-degradation", "another", began);
            var watched = plane.rollbackctl("watch", "acc-full", "--since", began);

            assertThat(watched.exitCode()).as(watched.output()).isZero();
            assertThat(platform.git("describe", "--tags", "--exact-match")).isEqualTo("graveyard/pre-reset");
            assertThat(platform.git("status", "--porcelain")).isEmpty();
            assertThat(platform.health().exitCode())
                    .as("the platform is healthy")
                    .isZero();
            assertThat(platform.data()).isEqualTo(before);
            assertThat(plane.facts("acc-full", "RollbackStarted")).hasSize(1);
            assertThat(plane.facts("acc-full", "IncidentDuplicated")).hasSize(1);
            assertThat(plane.facts("acc-full", "IncidentMerged")).hasSize(1);
            var finished = plane.facts("acc-full", "RollbackFinished").getFirst();
            assertThat(finished.path("outcome").asString()).isEqualTo("SUCCEEDED");
            assertThat(finished.path("downtime").asLong())
                    .isBetween(1L, finished.path("took").asLong());
            tellsItAll(plane.rollbackctl("report", "acc-full", "--file", "-"));
            assertThat(plane.rollbackctl("follow-ups", "list", "acc-full").output())
                    .as("what the runbook lists, where the descriptor lists nothing")
                    .contains("Conduct the post-incident review", "Document the lessons learned", "Plan the fix");

            try (var points = Files.list(platform.backups)) {
                var point = points.filter(path -> path.getFileName().toString().startsWith("rb-"))
                        .findFirst()
                        .orElseThrow();
                assertThat(point.resolve("manifest.json")).exists();
                holdsWhatTheRunbookPreserves(point, platform, broken, configuration);
                assertThat(point.resolve("git/changes.patch")).content().contains("debug_gateway.py");
                assertThat(point.resolve("hold.json"))
                        .as("kept for analysis")
                        .content()
                        .contains("full-rollback");
            }
        }
    }

    /** 1.2, 2.2 and 2.3 of the runbook. */
    private void holdsWhatTheRunbookPreserves(
            Path point, Platform platform, String commit, Map<String, String> configuration) {
        assertThat(point.resolve("git/log.txt")).content().contains(commit.substring(0, 7));
        assertThat(point.resolve("git/state.json")).content().contains(commit);
        assertThat(point.resolve("containers/ps.txt")).content().contains("acc-full-postgres-1", "acc-full-api-1");
        var extracted = point.resolveSibling(".extracted");
        plane.backups("extract", point.toString(), "--into", extracted.toString())
                .succeeded();
        assertThat(extracted.resolve("database/freedom_kb/toc.dat")).isNotEmptyFile();
        assertThat(extracted.resolve("globals.sql")).content().contains("CREATE ROLE");
        configuration.forEach(
                (file, content) -> assertThat(extracted.resolve("configuration").resolve(file))
                        .as("as it was, not as it is at the tag")
                        .hasContent(content));
        assertThat(extracted.resolve("configuration/.env")).hasSameBinaryContentAs(platform.tree.resolve(".env"));
        assertThat(extracted.resolve("modified/scripts/debug_gateway.py")).isNotEmptyFile();
        assertThat(extracted.resolve("models")).isDirectoryRecursivelyContaining("glob:**/models/models/**");
        assertThat(extracted.resolve("data/kb-service")).isNotEmptyDirectory();
        assertThat(point.resolve("logs/postgres-1.log")).isNotEmptyFile();
    }

    /** The report of this rollback names every step, and what it says can be relied on: its exit code is 0. */
    private void tellsItAll(Shell.Result report) {
        assertThat(report.exitCode()).as(report.output()).isZero();
        assertThat(report.output())
                .contains("<!DOCTYPE html>", "Succeeded", "each matches its hash")
                .contains("No committed data was given up: nothing was restored")
                .as("all ten points of the checklist have evidence")
                .doesNotContain("ot checked in this scenario")
                .contains("Joined a further incident to this rollback", "Counted a repeated report");
        var markdown = plane.rollbackctl("report", "acc-full", "--format", "markdown", "--file", "-")
                .output();
        for (int point = 1; point <= 10; point++) {
            assertThat(markdown).as("the checklist").containsPattern("(?m)^\\| ✔ \\| " + point + "\\. ");
        }
        var steps = plane.facts("acc-full", "RollbackStarted")
                .getFirst()
                .path("plan")
                .path("steps");
        assertThat(steps)
                .isNotEmpty()
                .allSatisfy(step ->
                        assertThat(report.output()).contains(step.path("id").asString()));
    }

    @Test
    void showsAPlanAndRunsNothing() {
        try (var platform = Platform.built("acc-plan").registered(plane)) {
            var plan = plane.rollbackctl("plan", "acc-plan", "--no-look");
            assertThat(plan.exitCode()).as(plan.output()).isZero();
            assertThat(plan.output())
                    .contains("git.verify-target", "container.stop-writers", "container.await-healthy")
                    .contains("Return to the previous branch and dirty files");
            assertThat(plane.facts("acc-plan", "RollbackStarted")).isEmpty();
            assertThat(platform.backups).isEmptyDirectory();

            var look = plane.rollbackctl("plan", "acc-plan");
            assertThat(look.exitCode()).as("nothing of it runs").isEqualTo(1);
            assertThat(look.output())
                    .containsPattern("✘ Look whether the target's database server.*PostgreSQL does not answer");
        }
    }
}
