package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.FILES;
import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.ArchiveModels;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.vault.Vault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of 5 GB goes into a restore point and back with a heap of 32 MB: large files are never held in memory. */
class LargeFilesTest {
    private static final String NAME = "models/llm.bin";
    private static final long SIZE = 5L << 30;
    /** All else are holes. */
    private static final List<Long> MARKS = List.of(0L, SIZE / 2 + 1, (1L << 32) + 7, SIZE - Long.BYTES);

    @TempDir
    private Path temp;

    @Test
    void takeNoMemory() throws Exception {
        var model = temp.resolve("platform").resolve(NAME);
        Files.createDirectories(model.getParent());
        try (var file = FileChannel.open(model, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long mark : MARKS) {
                file.write(ByteBuffer.allocate(Long.BYTES).putLong(mark + 1).flip(), mark);
            }
        }

        var said = temp.resolve("said");
        var worker = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx32m",
                        "-XX:+UseSerialGC",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-D" + Vaults.PROPERTY + "=" + Vaults.KEYS,
                        "-cp",
                        System.getProperty("java.class.path"),
                        LargeFilesTest.class.getName(),
                        temp.toString())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            assertThat(worker.waitFor(15, TimeUnit.MINUTES)).isTrue();
        } finally {
            worker.destroyForcibly();
        }

        assertThat(worker.exitValue()).as(Files.readString(said)).isZero();
        var back = temp.resolve("copy").resolve(NAME);
        assertThat(back).hasSize(SIZE);
        assertThat(marks(back)).isEqualTo(MARKS.stream().map(mark -> mark + 1).toList());
    }

    private static List<Long> marks(Path file) throws IOException {
        try (var channel = FileChannel.open(file)) {
            var found = new ArrayList<Long>();
            for (long mark : MARKS) {
                var bytes = ByteBuffer.allocate(Long.BYTES);
                channel.read(bytes, mark);
                found.add(bytes.flip().getLong());
            }
            return found;
        }
    }

    public static void main(String[] arguments) throws Exception {
        var home = Path.of(arguments[0]);
        var point = RestorePoint.at(home.resolve("backups/rb-1").toString());
        var step = new RunningStep("rb-1");
        new ArchiveModelsHandler(FILES)
                .execute(
                        new ArchiveModels(
                                home.resolve("platform").toString(),
                                List.of("models"),
                                point.directory().toString()),
                        step);
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(
                        new WriteManifest(point.directory().toString(), "freedom", null, false, "restore-point", null),
                        step);
        ManifestCheck.all(point, Manifest.load(point, VAULT), VAULT, Instant.now(), step);
        try (var reader = ArchiveReader.open(Vault.find(point.models()).orElseThrow(), point, VAULT)) {
            reader.extract(home.resolve("copy"), new Tally(step));
        }
    }
}
