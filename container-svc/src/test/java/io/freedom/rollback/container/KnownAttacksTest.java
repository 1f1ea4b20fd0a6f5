package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.worker.Expression;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Labels, log lines and compose files that somebody else has made. */
class KnownAttacksTest {
    @TempDir
    private Path temp;

    private Path outside;
    private Path live;
    private Path worktree;

    @BeforeEach
    void build() throws Exception {
        outside = Files.createDirectory(temp.resolve("outside"));
        live = Files.createDirectories(temp.resolve("live/conf")).getParent();
        worktree = Files.createDirectory(temp.resolve("worktree"));
        Files.writeString(live.resolve("conf/.env"), "KEY=1");
    }

    @Test
    void keepsTheLogOfAServiceWithinTheFolderWhateverItsLabelSays() {
        var folder = Path.of("/backups/rb-1/logs");
        for (var service : List.of("../../../etc/cron.d/x", "/etc/x", "..", ".hidden", "a/b", "a\0b", "a\nb")) {
            var file = CaptureLogsHandler.file(folder, labelled(service));
            assertThat(file.normalize().getParent()).as(service).isEqualTo(folder);
            assertThat(file.getFileName().toString()).as(service).doesNotStartWith(".");
        }
        assertThat(CaptureLogsHandler.file(folder, labelled("api"))).isEqualTo(folder.resolve("api-1.log"));
    }

    private static EngineContainer labelled(String service) {
        return new EngineContainer("c0ffee", "p-1", service, "x", "sha256:0", "running", null, Map.of());
    }

    @Test
    void matchesNoLineForLongerThanASecondOrTwo() throws Exception {
        var line = AwaitLogHandler.beginning("a".repeat(1_000_000) + "!");
        assertThat(line).hasSize(4096);
        for (var slow : List.of("(a|aa)+$", "(.*a){25}b", "^(a|b|ab)*c")) {
            var pattern = Expression.compile("log pattern", slow);
            assertThatThrownBy(() -> pattern.foundIn(line))
                    .as(slow)
                    .isInstanceOf(StepFailure.class)
                    .hasMessageContaining("log pattern `" + slow + "` takes too long or nests too deeply");
        }
        assertThatThrownBy(() -> Expression.compile("log pattern", "("))
                .hasMessageContaining("log pattern `(` is not a regular expression");
    }

    @Test
    void lendsNoEnvFileThroughALinkThatLeadsOut() throws Exception {
        Files.createSymbolicLink(worktree.resolve("conf"), outside);
        Files.createSymbolicLink(worktree.resolve("inner"), Path.of("real"));
        Files.createDirectory(worktree.resolve("real"));
        Files.createDirectories(live.resolve("inner"));
        Files.writeString(live.resolve("inner/.env"), "KEY=2");
        try (var _ = lend("[conf/.env, conf/deep/../.env, inner/.env, ../up.env]")) {
            assertThat(outside).isEmptyDirectory();
            assertThat(worktree.resolve("real/.env"))
                    .as("a link within is the tree's affair")
                    .hasContent("KEY=2");
        }
        assertThat(worktree.resolve("real/.env")).doesNotExist();
    }

    @Test
    void endsOnAListThatHoldsItself() throws Exception {
        for (var envFile : List.of("&a [*a, conf/.env]", "&a {path: *a}", "&a [{path: *a}, conf/.env]")) {
            try (var _ = lend(envFile)) {
                assertThat(worktree.resolve("conf/.env").toFile().exists())
                        .as(envFile)
                        .isEqualTo(envFile.contains("conf"));
            }
        }
    }

    private LentEnvFiles lend(String envFile) throws Exception {
        var compose = worktree.resolve("compose.yml");
        Files.writeString(compose, "services: {api: {env_file: " + envFile + "}}");
        return LentEnvFiles.lend(List.of(compose), live, worktree);
    }
}
