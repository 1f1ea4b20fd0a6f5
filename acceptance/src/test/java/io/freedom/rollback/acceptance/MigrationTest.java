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
    void leavesEverythingAsItWasWhenTheExportFails() {
        try (var platform = Platform.healthy("acc-no-export")
                .registered(plane, yaml -> yaml.replace("scripts/export_data.py", "scripts/gone.py"))) {
            plane.rollbackctl("start", "acc-no-export", "--scenario", "restore-point", "--reason", "nightly", "--watch")
                    .succeeded();
            var before = platform.state();

            var failed = plane.rollbackctl(
                    "start",
                    "acc-no-export",
                    "--scenario",
                    "data-migration",
                    "--restore-point",
                    "latest",
                    "--reason",
                    "test",
                    "--watch");

            assertThat(failed.exitCode()).isEqualTo(1);
            assertThat(failed.output()).contains("scripts/gone.py");
            assertThat(platform.state()).isEqualTo(before);
        }
    }

    private static int documents(Platform platform) {
        return Integer.parseInt(platform.value("select count(*) from documents"));
    }
}
