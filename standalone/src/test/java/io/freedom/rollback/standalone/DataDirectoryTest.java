package io.freedom.rollback.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir
    Path directory;

    @Test
    void keepsItsClusterId() throws IOException {
        assertThat(openAndClose(directory)).isEqualTo(openAndClose(directory));
    }

    @Test
    void refusesADirectoryThatHoldsSomethingElse() throws IOException {
        Files.writeString(directory.resolve("thesis.txt"), "");

        assertThatThrownBy(() -> DataDirectory.open(directory))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("thesis.txt")
                .hasMessageContaining("--data-dir");
    }

    @Test
    void beginsOnANewDiskWithTheKeyThatWasPutBack() throws IOException {
        var key = Files.createDirectories(directory.resolve("keys")).resolve("backups.key");
        Files.writeString(key, "AGE-SECRET-KEY-");

        try (var open = DataDirectory.open(directory)) {
            assertThat(open.keyFile()).isEqualTo(key).hasContent("AGE-SECRET-KEY-");
        }
    }

    @Test
    void refusesADirectoryThatIsInUse() throws IOException {
        try (var open = DataDirectory.open(directory)) {
            assertThatThrownBy(() -> DataDirectory.open(directory))
                    .hasMessageContaining(open.logs().getParent() + " is in use by another rollback-standalone");
        }
    }

    @Test
    void refusesTheBrokerFilesOfAnotherCluster() throws IOException {
        openAndClose(directory);
        Files.writeString(directory.resolve("broker/meta.properties"), "cluster.id=another");

        assertThatThrownBy(() -> DataDirectory.open(directory))
                .hasMessageContaining("belong to cluster another")
                .hasMessageContaining("put back");
    }

    @Test
    void refusesTheLayoutOfAnotherVersion() throws IOException {
        Files.writeString(directory.resolve("rollback.properties"), "layout=99\ncluster.id=x");

        assertThatThrownBy(() -> DataDirectory.open(directory)).hasMessageContaining("data layout 99");
    }

    static String openAndClose(Path directory) throws IOException {
        try (var open = DataDirectory.open(directory)) {
            return open.clusterId();
        }
    }
}
