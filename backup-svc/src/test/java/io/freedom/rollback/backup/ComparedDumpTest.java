package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.KEYS;
import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a dump between the moment that it is looked at and the one that it is restored. */
class ComparedDumpTest {
    private static final Instant NOW = Instant.parse("2026-11-27T09:00:00Z");
    private static final int LARGE = 5 << 20;

    @TempDir
    private Path temp;

    private final RunningStep step = new RunningStep("rb-1");
    private RestorePoint point;
    private Manifest manifest;
    private Vault vault;

    @BeforeEach
    void givenNone() throws Exception {
        point = RestorePoint.at(temp.resolve("rb-1").toString());
    }

    private void given(boolean encrypted) throws Exception {
        vault = encrypted ? VAULT : new Vault(KEYS, false, List.of());
        var dump = PrivateFiles.createFolders(point.dump("shop"));
        write(dump.resolve("toc.dat"), "toc".getBytes(StandardCharsets.UTF_8));
        write(dump.resolve("1.dat.gz"), random(LARGE));
        write(dump.resolve("2.dat.gz"), new byte[0]);
        PrivateFiles.write(
                point.dumpRecord("shop"),
                Json.text(new DumpRecord(
                        "shop",
                        "15.18",
                        "pg_dump 15.18",
                        List.of(),
                        1L,
                        List.of(),
                        1L,
                        null,
                        null,
                        null,
                        null,
                        List.of())));
        globals("owner").write(point, vault);
        Vaults.manifests(vault, () -> NOW)
                .execute(
                        new WriteManifest(point.directory().toString(), "shop", "shop", false, "restore-point", null),
                        step);
        manifest = Manifest.load(point, vault);
    }

    private static Globals globals(String role) {
        return new Globals(
                "1",
                List.of(new Globals.Role(role, "CREATE ROLE " + role, List.of())),
                List.of(),
                List.of(),
                List.of());
    }

    private static byte[] random(int size) {
        var content = new byte[size];
        new Random(7).nextBytes(content);
        return content;
    }

    private void write(Path plain, byte[] content) throws IOException {
        var file = vault.sealed(plain, false);
        Files.deleteIfExists(file);
        try (var out = vault.create(file)) {
            out.write(content);
        }
    }

    private Path file(String name) {
        return vault.sealed(point.dump("shop").resolve(name), false);
    }

    private void look() throws Exception {
        ManifestCheck.dumps(point, manifest, List.of("shop"), "shop", vault, NOW, step);
    }

    private void copy(OutputStream out) throws Exception {
        ComparedDump.of(point, manifest, "shop", vault, step).write(out);
    }

    private Map<String, byte[]> copied() throws Exception {
        var out = new ByteArrayOutputStream();
        copy(out);
        var files = new HashMap<String, byte[]>();
        try (var tar = new TarArchiveInputStream(new ByteArrayInputStream(out.toByteArray()))) {
            for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                files.put(entry.getName(), tar.readAllBytes());
            }
        }
        return files;
    }

    private static void assertChanged(ThrowingCallable act, String file) {
        assertThatThrownBy(act)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.MISMATCH))
                .hasMessageContaining(file)
                .hasMessageContaining("was changed");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sendsTheFilesOfTheManifestAndNoOther(boolean encrypted) throws Exception {
        given(encrypted);
        look();
        write(point.dump("shop").resolve("planted.dat"), random(10));

        var copied = copied();

        assertThat(copied).containsOnlyKeys("dump/", "dump/toc.dat", "dump/1.dat.gz", "dump/2.dat.gz");
        assertThat(copied.get("dump/1.dat.gz")).isEqualTo(random(LARGE));
        assertThatThrownBy(this::look).hasMessageContaining("planted.dat").hasMessageContaining("not in the manifest");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void noticesWhatWasChangedSinceItWasLookedAt(boolean encrypted) throws Exception {
        given(encrypted);
        look();

        flip(file("1.dat.gz"), LARGE / 2);
        assertChanged(this::copied, "1.dat.gz");
        flip(file("1.dat.gz"), LARGE / 2);
        copied();

        // As whoever has the public key can encrypt it.
        write(point.dump("shop").resolve("toc.dat"), "TOC".getBytes(StandardCharsets.UTF_8));
        look();
        assertChanged(this::copied, "toc.dat");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void noticesWhatIsShorterOrLonger(boolean encrypted) throws Exception {
        given(encrypted);
        var whole = Files.readAllBytes(file("1.dat.gz"));

        Files.write(file("1.dat.gz"), Arrays.copyOf(whole, whole.length - 1));
        assertChanged(this::look, "1.dat.gz");
        assertChanged(this::copied, "1.dat.gz");
        Files.write(file("1.dat.gz"), Arrays.copyOf(whole, whole.length + 1));
        assertChanged(this::look, "1.dat.gz");
        assertChanged(this::copied, "1.dat.gz");
        write(point.dump("shop").resolve("1.dat.gz"), random(LARGE + 1));
        assertChanged(this::copied, "1.dat.gz");
        write(point.dump("shop").resolve("1.dat.gz"), random(1));
        assertChanged(this::copied, "1.dat.gz");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void noticesWhatIsChangedWhileItIsSent(boolean encrypted) throws Exception {
        given(encrypted);
        look();

        assertChanged(() -> copy(onceSent(1 << 20, () -> flip(file("1.dat.gz"), LARGE - 100))), "1.dat.gz");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void followsNoLinkToAnotherFile(boolean encrypted) throws Exception {
        given(encrypted);
        Files.move(file("toc.dat"), temp.resolve("elsewhere"));
        Files.createSymbolicLink(file("toc.dat"), temp.resolve("elsewhere"));

        assertChanged(this::look, "toc.dat");
        assertThatThrownBy(this::copied).isInstanceOf(StepFailure.class).hasMessageContaining("toc.dat");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void makesNoRoleOfGlobalsThatSomebodyPlanted(boolean encrypted) throws Exception {
        given(encrypted);
        assertThat(Globals.read(point, manifest, vault)).contains(globals("owner"));

        globals("admin").write(point, vault);

        assertChanged(() -> Globals.read(point, manifest, vault), "globals.json");
        assertChanged(this::look, "globals.json");
    }

    private static void flip(Path file, long at) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            var one = ByteBuffer.allocate(1);
            channel.read(one, at);
            one.put(0, (byte) (one.get(0) ^ 1));
            channel.write(one.flip(), at);
        }
    }

    private interface Change {
        void make() throws IOException;
    }

    private static OutputStream onceSent(int bytes, Change change) {
        return new FilterOutputStream(OutputStream.nullOutputStream()) {
            private int left = bytes;

            @Override
            public void write(byte[] buffer, int offset, int length) throws IOException {
                if (left > 0 && left <= length) {
                    change.make();
                }
                left -= length;
            }
        };
    }
}
