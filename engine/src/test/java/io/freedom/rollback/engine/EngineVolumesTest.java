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

        assertThat(EngineVolumes.entries(new ByteArrayInputStream(whole), n -> {}))
                .isEqualTo(2);
        var cut = new ByteArrayInputStream(Arrays.copyOf(whole, 32 * 1024));
        assertThatThrownBy(() -> EngineVolumes.entries(cut, n -> {}))
                .isInstanceOf(TarFormatException.class)
                .hasMessageContaining("after entry 2, data/wal");
    }

    @Test
    void findsAnArchiveCutBetweenTwoEntries() throws Exception {
        var folder = Files.createDirectory(temp.resolve("data"));
        Files.writeString(folder.resolve("first"), "x");
        Files.writeString(folder.resolve("second"), "x");
        var tar = new ByteArrayOutputStream();
        TarFolder.pack(folder, tar, n -> {});
        byte[] whole = tar.toByteArray();
        int end = whole.length;
        while (whole[end - 1] == 0) {
            end--;
        }
        int blocks = (end + 511) / 512;
        // Among them those that end with an entry, where a reader alone sees nothing amiss.
        for (int kept = 1; kept < blocks + 2; kept++) {
            var cut = new ByteArrayInputStream(Arrays.copyOf(whole, kept * 512));
            assertThatThrownBy(() -> EngineVolumes.entries(cut, n -> {}))
                    .as("%d of %d blocks", kept, blocks)
                    .isInstanceOf(TarFormatException.class);
        }
        assertThat(EngineVolumes.entries(new ByteArrayInputStream(Arrays.copyOf(whole, (blocks + 2) * 512)), n -> {}))
                .isEqualTo(3);
        assertThat(EngineVolumes.entries(new ByteArrayInputStream(new byte[1024]), n -> {}))
                .as("an empty one")
                .isZero();
    }
}
