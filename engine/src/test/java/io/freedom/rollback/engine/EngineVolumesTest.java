package io.freedom.rollback.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineVolumesTest {
    @TempDir
    Path temp;

    @Test
    void findsAnArchiveCutWhereAllThatIsLeftOfItsLastFileIsZeros() throws Exception {
        var folder = Files.createDirectory(temp.resolve("data"));
        Files.write(folder.resolve("wal"), new byte[64 * 1024]);
        var tar = new ByteArrayOutputStream();
        TarFolder.pack(folder, tar, n -> {});
        byte[] whole = tar.toByteArray();

        assertThat(EngineVolumes.entries(new ByteArrayInputStream(whole), () -> {}))
                .isEqualTo(2);
        var cut = new ByteArrayInputStream(Arrays.copyOf(whole, 32 * 1024));
        assertThatThrownBy(() -> EngineVolumes.entries(cut, () -> {}))
                .isInstanceOf(TarFormatException.class)
                .hasMessageContaining("after entry 2, data/wal");
    }
}
