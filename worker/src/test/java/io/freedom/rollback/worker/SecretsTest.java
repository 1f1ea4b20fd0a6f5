package io.freedom.rollback.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {
    @TempDir
    private Path folder;

    private final Secrets secrets = new Secrets(Map.of("KEY", "from-env"));

    @Test
    void resolvesEveryKindOfReferenceInsideAText() throws Exception {
        var file = Files.writeString(folder.resolve("secret"), "from-file\n");
        var dotenv = Files.writeString(folder.resolve(".env"), "# keys\nexport A=\"quoted\"\nB=plain=with=equals\n");
        assertThat(secrets.resolve("Bearer ${env:KEY}")).isEqualTo("Bearer from-env");
        assertThat(secrets.resolve("${file:%s}".formatted(file))).isEqualTo("from-file");
        assertThat(secrets.resolve("${file:%1$s#A}/${file:%1$s#B}".formatted(dotenv)))
                .isEqualTo("quoted/plain=with=equals");
    }

    @Test
    void namesTheReferenceThatCannotBeResolved() {
        assertThatThrownBy(() -> secrets.resolve("${env:OTHER}"))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("secret ${env:OTHER} cannot be resolved: the worker's environment has no OTHER");
        assertThatThrownBy(() -> secrets.resolve("${file:%s/none#KEY}".formatted(folder)))
                .hasMessageContaining("the file cannot be read");
    }

    @Test
    void waitsForNoPipeAndReadsNothingEndless() throws Exception {
        Command.in(folder, List.of("mkfifo", "pipe")).check();
        Files.write(folder.resolve("huge"), new byte[(1 << 20) + 1]);
        for (var path : List.of(folder.resolve("pipe"), folder.resolve("huge"), folder, Path.of("/dev/zero"))) {
            assertThatThrownBy(() -> secrets.resolve("${file:%s}".formatted(path)))
                    .isInstanceOf(StepFailure.class)
                    .hasMessageContaining("it is no file, or larger than 1 MiB");
        }
    }
}
