package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class MigrationTest {
    private final ControlPlane plane = ControlPlane.shared();

    @Test
    void carriesTheDataThatWereWrittenInANewFormatOverToTheOldOne() {
        try (var platform = Platform.healthy("acc-migrate").registered(plane)) {
            plane.rollbackctl("start", "acc-migrate", "--scenario", "restore-point", "--reason", "nightly", "--watch")
                    .succeeded();
            var point = plane.lastRollback("acc-migrate");
            var before = documents(platform);

            platform.write("scripts/export_data.py", text -> text.replace("'body', body", "'body', content"));
            platform.commit("Call the body content", "scripts/export_data.py");
            platform.sql("alter table documents rename column body to content");
            platform.sql("insert into documents (title, content) select 'New ' || n, 'x' from generate_series(1, 5) n");

            var migrated = plane.rollbackctl(
                    "start",
                    "acc-migrate",
                    "--scenario",
                    "data-migration",
                    "--restore-point",
                    point,
                    "--reason",
                    "the old version cannot read the new format",
                    "--watch");

            assertThat(migrated.exitCode()).as(migrated.output()).isZero();
            assertThat(migrated.output()).contains("added 5 of ");
            assertThat(documents(platform)).isEqualTo(before + 5);
            assertThat(platform.health().exitCode()).isZero();
        }
    }

    @Test
    void leavesEverythingAsItWasWhenExportOrImportFails() {
        try (var platform = Platform.healthy("acc-no-export").registered(plane)) {
            plane.rollbackctl("start", "acc-no-export", "--scenario", "restore-point", "--reason", "nightly", "--watch")
                    .succeeded();
            platform.sql("insert into documents (title, body) values ('Late', 'x')");
            var before = platform.state();

            platform.registered(plane, yaml -> yaml.replace("scripts/export_data.py", "scripts/gone.py"));
            assertThat(failed().output()).contains("scripts/gone.py");
            assertThat(platform.state()).isEqualTo(before);

            platform.registered(plane, yaml -> yaml.replace("scripts/import_data.py", "scripts/gone.py"));
            assertThat(failed().output())
                    .contains("scripts/gone.py", "Compare tables and rows with those before")
                    .doesNotContain("NOT AS BEFORE");
            assertThat(plane.factsOf(plane.lastRollback("acc-no-export"), "acc-no-export", "StepSucceeded"))
                    .as("other data were there already")
                    .anyMatch(step -> step.path("stepId").asString().equals("backup.restore-database"));
            assertThat(platform.state()).isEqualTo(before);
        }
    }

    private Shell.Result failed() {
        var argv = "start acc-no-export --scenario data-migration --restore-point latest --reason test --watch";
        var failed = plane.rollbackctl(argv.split(" "));
        assertThat(failed.exitCode()).as(failed.output()).isEqualTo(1);
        assertThat(plane.facts("acc-no-export", "RollbackFinished")
                        .getLast()
                        .path("outcome")
                        .asString())
                .isEqualTo("COMPENSATED");
        return failed;
    }

    private static int documents(Platform platform) {
        return Integer.parseInt(platform.value("select count(*) from documents"));
    }
}
