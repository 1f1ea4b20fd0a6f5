package io.freedom.rollback.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TarFolderTest {
    @TempDir
    Path temp;

    @Test
    void unpacksWhatWasPackedWithModesAndLinks() throws IOException {
        var folder = Files.createDirectories(temp.resolve("from/data"));
        Files.writeString(folder.resolve("secret"), "x");
        Files.setPosixFilePermissions(folder.resolve("secret"), PosixFilePermissions.fromString("rw-------"));
        Files.createSymbolicLink(folder.resolve("link"), Path.of("secret"));
        Files.createDirectory(
                folder.resolve("sealed"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-xr-x---")));
        var tar = new ByteArrayOutputStream();

        TarFolder.pack(folder, tar, n -> {});
        long bytes = TarFolder.unpack(new ByteArrayInputStream(tar.toByteArray()), temp.resolve("to"));

        var copy = temp.resolve("to/data");
        assertThat(bytes).isEqualTo(1);
        assertThat(copy.resolve("secret")).hasContent("x");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy.resolve("secret"))))
                .isEqualTo("rw-------");
        assertThat(Files.readSymbolicLink(copy.resolve("link"))).isEqualTo(Path.of("secret"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy.resolve("sealed"))))
                .isEqualTo("r-xr-x---");
    }

    @Test
    void refusesAPathThatLeavesTheTarget() throws IOException {
        var tar = archive(file("data/../../escaped"));

        assertThatThrownBy(() -> TarFolder.unpack(new ByteArrayInputStream(tar), temp.resolve("to")))
                .hasMessageContaining("outside the target folder");
        assertThat(temp.resolve("escaped")).doesNotExist();
    }

    @Test
    void refusesToWriteThroughALinkOfTheArchive() throws IOException {
        var outside = Files.createDirectory(temp.resolve("outside"));
        var tar = archive(link("data/out", outside.toString()), file("data/out/planted"));

        assertThatThrownBy(() -> TarFolder.unpack(new ByteArrayInputStream(tar), temp.resolve("to")))
                .hasMessageContaining("symbolic link");
        assertThat(outside).isEmptyDirectory();
    }

    @Test
    void keepsALinkThatPointsOutsideWithoutFollowingIt() throws IOException {
        var tar = archive(link("data/passwd", "/etc/passwd"));

        TarFolder.unpack(new ByteArrayInputStream(tar), temp.resolve("to"));

        assertThat(Files.isSymbolicLink(temp.resolve("to/data/passwd"))).isTrue();
        assertThat(Files.isRegularFile(temp.resolve("to/data/passwd"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
    }

    @Test
    void noticesAnArchiveThatWasCutBetweenTwoFiles() throws IOException {
        var tar = archive(file("data/one"), file("data/two"));
        var cut = Arrays.copyOf(tar, 1024);

        try (var whole = new WatchedTar(new ByteArrayInputStream(tar), n -> {});
                var half = new WatchedTar(new ByteArrayInputStream(cut), n -> {})) {
            TarFolder.unpack(whole, temp.resolve("whole"));
            TarFolder.unpack(half, temp.resolve("half"));

            assertThat(whole.isComplete()).isTrue();
            assertThat(half.isComplete()).isFalse();
        }
    }

    private static TarArchiveEntry file(String name) {
        var entry = new TarArchiveEntry(name);
        entry.setSize(1);
        return entry;
    }

    private static TarArchiveEntry link(String name, String target) {
        var entry = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
        entry.setLinkName(target);
        return entry;
    }

    private static byte[] archive(TarArchiveEntry... entries) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(bytes)) {
            for (var entry : entries) {
                tar.putArchiveEntry(entry);
                if (entry.getSize() == 1) {
                    tar.write("x".getBytes(StandardCharsets.UTF_8));
                }
                tar.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }
}
