package io.freedom.rollback.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VaultTest {
    @TempDir
    private Path temp;

    private Path keys;
    private Vault vault;

    @BeforeEach
    void givenAKey() throws IOException {
        keys = temp.resolve("backups.key");
        BackupKeys.generate(keys);
        vault = new Vault(keys, true, List.of());
    }

    private static byte[] random(int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static Path write(Vault vault, Path file, byte[] content) throws IOException {
        try (var out = vault.create(file)) {
            out.write(content);
        }
        return file;
    }

    private static byte[] read(Vault vault, Path file) throws IOException {
        try (var in = vault.open(file)) {
            return in.readAllBytes();
        }
    }

    @Test
    void tellsTheSizeOfWhatIsInsideWithoutOpeningIt() throws Exception {
        BackupKeys.generate(temp.resolve("other.key"));
        var other = BackupKeys.read(temp.resolve("other.key")).current().recipient();
        for (var sealing : List.of(vault, new Vault(keys, true, List.of(other)))) {
            for (int size : new int[] {0, 1, 65_535, 65_536, 65_537, 131_072, 300_000}) {
                var file = write(sealing, temp.resolve(size + "-" + sealing.hashCode() + ".age"), random(size));

                var head = Arrays.copyOf(Files.readAllBytes(file), 1 << 16);
                assertThat(Vault.plainSize(file, Files.size(file), head)).isEqualTo(size);
                assertThat(read(sealing, file)).isEqualTo(random(size));
            }
        }
    }

    @Test
    void isOpenedByAgeAndZstdWithNothingButTheKeyAndTheFile() throws Exception {
        var file = write(vault, temp.resolve("x.tar.zst.age"), "the content".getBytes(StandardCharsets.UTF_8));

        var reading = new ProcessBuilder("sh", "-c", "age -d -i backups.key " + file.getFileName() + " | zstd -dq")
                .directory(temp.toFile())
                .redirectErrorStream(true)
                .start();

        assertThat(reading.inputReader().readAllAsString()).isEqualTo("the content");
        assertThat(reading.waitFor()).isZero();
    }

    @Test
    void saysWhoseKeyIsMissingAndBlamesNothingElse() throws Exception {
        var file = write(vault, temp.resolve("x.age"), random(100));
        BackupKeys.generate(temp.resolve("other.key"));
        var other = new Vault(temp.resolve("other.key"), true, List.of());

        assertThatThrownBy(() -> read(other, file))
                .isInstanceOf(KeyException.class)
                .hasMessageContaining("is encrypted for another key than those in " + temp.resolve("other.key"))
                .hasMessageContaining(other.keys().current().recipient());
    }

    @Test
    void takesADamagedHeaderForNoOtherKeyHoweverManyKeysThereAre() throws Exception {
        var file = write(vault, temp.resolve("x.age"), random(100));
        BackupKeys.generate(keys);
        Files.setLastModifiedTime(keys, FileTime.fromMillis(1));
        var whole = Files.readAllBytes(file);
        int mac = new String(whole, StandardCharsets.ISO_8859_1).indexOf("\n--- ") + 8;
        whole[mac] = (byte) (whole[mac] == 'A' ? 'B' : 'A');
        Files.write(file, whole);

        assertThatThrownBy(() -> read(vault, file)).isInstanceOf(DamagedException.class);

        Files.write(file, Arrays.copyOf(whole, 30));
        assertThatThrownBy(() -> read(vault, file)).isInstanceOf(DamagedException.class);
    }

    @Test
    void findsEveryFlippedBitAndEveryCut() throws Exception {
        for (var name : List.of("x.age", "x.zst.age", "x.zst")) {
            var file = write(vault, temp.resolve(name), random(200_000));
            var whole = Files.readAllBytes(file);
            for (int at : new int[] {whole.length - 1, whole.length / 2, 300}) {
                var bytes = whole.clone();
                bytes[at] ^= 4;
                Files.write(file, bytes);
                assertThatThrownBy(() -> read(vault, file))
                        .as(name + " flipped at " + at)
                        .isInstanceOf(DamagedException.class);

                Files.write(file, Arrays.copyOf(whole, at));
                assertThatThrownBy(() -> read(vault, file))
                        .as(name + " cut at " + at)
                        .isInstanceOf(DamagedException.class);
            }
        }
    }

    @Test
    void readsWhatWasWrittenBeforeARotationAndWritesForTheNewKey() throws Exception {
        var before = write(vault, temp.resolve("before.age"), random(10));
        var old = Files.readString(keys);

        var fresh = BackupKeys.generate(keys);
        Files.setLastModifiedTime(keys, FileTime.fromMillis(1));
        var after = write(vault, temp.resolve("after.age"), random(20));

        assertThat(vault.keys().current().recipient()).isEqualTo(fresh);
        assertThat(read(vault, before)).isEqualTo(random(10));
        assertThat(read(vault, after)).isEqualTo(random(20));
        Files.writeString(temp.resolve("old.key"), old);
        assertThatThrownBy(() -> read(new Vault(temp.resolve("old.key"), true, List.of()), after))
                .isInstanceOf(KeyException.class);
    }

    @Test
    void isReadByAKeyInASafeToo() throws Exception {
        var safe = temp.resolve("safe.key");
        var recipient = BackupKeys.generate(safe);
        var file = write(new Vault(keys, true, List.of(recipient)), temp.resolve("x.age"), random(10));

        assertThat(read(new Vault(safe, true, List.of()), file)).isEqualTo(random(10));
        assertThatThrownBy(
                        () -> write(new Vault(keys, true, List.of("age1nonsense")), temp.resolve("y.age"), random(1)))
                .isInstanceOf(KeyException.class)
                .hasMessageContaining("\"age1nonsense\" is no public key of age");
    }

    @Test
    void writesPlainFilesWhereNobodyWantsThemEncrypted() throws Exception {
        var plain = new Vault(keys, false, List.of());

        assertThat(plain.sealed(temp.resolve("x.tar"), true)).isEqualTo(temp.resolve("x.tar.zst"));
        assertThat(plain.sealed(temp.resolve("x"), false)).isEqualTo(temp.resolve("x"));
    }

    @Test
    void saysWhatIsWrongWithAKeyFile() throws Exception {
        var none = new Vault(temp.resolve("none.key"), true, List.of());
        assertThatThrownBy(none::keys)
                .hasMessageContaining("there is no key file")
                .hasMessageContaining("key-file");

        Files.writeString(keys, "# nothing\n");
        assertThatThrownBy(() -> BackupKeys.read(keys)).hasMessageContaining("holds no key");

        Files.writeString(keys, "# nothing\nAGE-SECRET-KEY-1NONSENSE\n");
        assertThatThrownBy(() -> BackupKeys.read(keys)).hasMessageContaining("line 2 of the key file");

        Files.writeString(keys, "secret\n");
        assertThatThrownBy(() -> BackupKeys.read(keys))
                .hasMessageContaining("line 1")
                .hasMessageNotContainingAny("secret\n");
    }

    @Test
    void makesAKeyOnceAndForItsOwnerOnly() throws Exception {
        var file = temp.resolve("keys/new.key");
        assertThatThrownBy(() -> BackupKeys.createIfMissing(file)).hasMessageContaining("is it mounted?");
        Files.createDirectory(temp.resolve("keys"));

        assertThat(BackupKeys.createIfMissing(file)).isTrue();
        var made = Files.readString(file);
        assertThat(BackupKeys.createIfMissing(file)).isFalse();

        assertThat(file).hasContent(made);
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PrivateFiles.FILE);
        assertThat(file.getParent()).isDirectoryNotContaining("glob:**partial**");
    }
}
