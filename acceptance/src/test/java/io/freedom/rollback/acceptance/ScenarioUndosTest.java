package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A rollback that had succeeded is undone. */
class ScenarioUndosTest extends ScenarioHarness {
    ScenarioUndosTest() {
        super("acc-undos");
    }

    /** Each test returns to where it began. */
    @Override
    @AfterEach
    void afterwards() {
        register(UnaryOperator.identity());
    }

    /** Though each had succeeded. The reset: ResetTest; files: below. A restart leaves nothing to be undone. */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"SERVICE_RESTART", "PERFORMANCE_RELIEF", "FULL_RESTORE", "FULL_RESET"})
    void returnsToTheExactPreviousStateWhenUndone(Case tried) {
        var before = departed();
        register(NOBODY_IS_ASKED);
        var ids = platform.ids();
        run(tried.scenario(), tried.options(restorePoint));
        var id = lastRollback();
        assertThat(List.of(platform.state(), platform.ids()))
                .as("it has changed something")
                .isNotEqualTo(List.of(before, ids));
        boolean replaced = tried.restores();

        if (replaced) {
            var refused = plane.rollbackctl("undo", id, "--reason", "test");
            assertThat(refused.exitCode()).as("data are given up").isEqualTo(4);
            plane.rollbackctl("undo", id, "--accept-data-loss", "--reason", "test", "--watch")
                    .succeeded();
        } else {
            plane.rollbackctl("undo", id, "--reason", "test", "--watch").succeeded();
        }

        assertThat(platform.state()).isEqualTo(before);
        assertThat(rowsCompared()).isEqualTo(replaced);
    }

    /** Of the work tree, of a volume, and of a container alone, which is made anew meanwhile for what it reads of {@code .env}; then with the database. */
    @Test
    void putsARestorePointBackAndReturnsWhenUndone() throws IOException {
        departed();
        register(yaml -> NOBODY_IS_ASKED.apply(withNotes(yaml)));
        note("kb-service", "rm -rf /app/data/since; echo then >/app/data/note");
        note("api", "mkdir -p /srv/notes; echo then >/srv/notes/note");
        platform.run("bash", "-c", "cd \"$1\" && mkdir models/deep && echo then >models/deep/note", "bash", tree());
        run("restore-point");
        var point = lastRollback();
        var then = noted();
        var rows = platform.data();

        var environment = Files.readString(platform.tree.resolve(".env"));
        platform.write(".env", text -> text.replaceFirst("(?m)^FREEDOM_API_KEY=.*$", "FREEDOM_API_KEY=another"));
        platform.run("bash", "-c", "cd \"$1\" && rm -r models/deep && echo since >models/since", "bash", tree());
        platform.compose("up", "-d", "--wait", "api").succeeded();
        note("kb-service", "echo now >/app/data/note; mkdir /app/data/since; echo s >/app/data/since/s");
        note("api", "mkdir -p /srv/notes; echo now >/srv/notes/note; echo s >/srv/notes/since");
        platform.sql("insert into documents (title, body) values ('Since', 'x')");
        var before = platform.state();
        var now = noted();
        assertThat(now).isNotEqualTo(then);

        register(yaml -> FAILS_AT_LAST.apply(withNotes(yaml)));
        assertThat(plane.rollbackctl("backups", "restore", point, "--part", "files", "--reason", "test", "--watch")
                        .exitCode())
                .isEqualTo(1);
        assertThat(noted()).as("compensated").isEqualTo(now);
        assertThat(platform.state()).isEqualTo(before);
        register(yaml -> NOBODY_IS_ASKED.apply(withNotes(yaml)));

        var restored = plane.rollbackctl(
                "backups", "restore", point, "--part", "database,files", "--reason", "test", "--watch");

        assertThat(restored.exitCode()).as(restored.output()).isZero();
        assertThat(noted()).isEqualTo(then);
        assertThat(platform.data()).isEqualTo(rows);
        well();
        var id = lastRollback();
        var refused = plane.rollbackctl("undo", id, "--reason", "test");
        assertThat(refused.exitCode()).as("data are given up").isEqualTo(4);
        assertThat(refused.output())
                .contains("swaps the previous database back, and puts the previous data of containers back");

        plane.rollbackctl("undo", id, "--accept-data-loss", "--reason", "test", "--watch")
                .succeeded();

        assertThat(noted()).isEqualTo(now);
        assertThat(platform.state()).isEqualTo(before);
        // What mending leaves as it is.
        platform.write(".env", _ -> environment);
        platform.run("bash", "-c", "rm \"$1/models/since\"", "bash", tree());
        mend();
    }

    private static String withNotes(String yaml) {
        return yaml.replace("containerData:\n", "containerData:\n  - {service: api, path: /srv/notes}\n");
    }

    private String tree() {
        return platform.tree.toString();
    }

    private void note(String service, String script) {
        platform.compose("exec", "-T", "-u", "0", service, "sh", "-c", script).succeeded();
    }

    /** All that the files hold that go back. */
    private String noted() {
        var list = "find \"$1\" -type f | sort | xargs cat; find \"$1\" | sort";
        return platform.run(
                        "bash",
                        "-c",
                        "cd \"$1\" && cat .env && find models | sort && cat models/*/note models/since || true",
                        "bash",
                        tree())
                + platform.compose("exec", "-T", "kb-service", "sh", "-c", list, "sh", "/app/data")
                        .succeeded()
                        .output()
                + platform.compose("exec", "-T", "api", "sh", "-c", list, "sh", "/srv/notes")
                        .succeeded()
                        .output();
    }
}
