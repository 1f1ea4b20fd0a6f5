package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.FILES;
import static io.freedom.rollback.backup.Vaults.KEYS;
import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With nothing but the key and the files. */
class BackupsProgramTest {
    private static final Instant NOW = Instant.parse("2026-11-26T03:00:00Z");

    @TempDir
    private Path temp;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private RestorePoint point;

    @BeforeEach
    void givenARestorePoint() throws Exception {
        TrustedSchemas.trust();
        var tree = Files.createDirectories(temp.resolve("shop"));
        Files.writeString(tree.resolve(".env"), "KEY=1");
        Files.write(tree.resolve("weights.bin"), new byte[3 << 20]);
        point = RestorePoint.at(temp.resolve("backups/rb-1").toString());
        var step = new RunningStep("rb-1");
        FILES.keep(point, point.configuration(), tree, List.of(Path.of(".env")), step);
        FILES.keep(point, point.models(), tree, List.of(Path.of("weights.bin")), step);
        var dump = PrivateFiles.createFolders(point.dump("a shop"));
        for (var name : List.of("toc.dat", "3000.dat.gz")) {
            try (var file = VAULT.create(VAULT.sealed(dump.resolve(name), false))) {
                file.write(name.getBytes(StandardCharsets.UTF_8));
            }
        }
        PrivateFiles.write(
                point.dumpRecord("a shop"),
                Json.text(new DumpRecord(
                        "a shop",
                        "15.18",
                        "pg_dump 15.18",
                        List.of(),
                        1L,
                        List.of("owner"),
                        1L,
                        null,
                        null,
                        null,
                        null,
                        List.of())));
        new Globals(
                        "1",
                        List.of(new Globals.Role(
                                "owner", "CREATE ROLE owner LOGIN", List.of("ALTER ROLE owner SET a = 1"))),
                        List.of(),
                        List.of(),
                        null)
                .write(point, VAULT);
        Vaults.manifests(VAULT, () -> NOW)
                .execute(
                        new WriteManifest(point.directory().toString(), "shop", "a shop", false, "restore-point", null),
                        step);
    }

    private int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return BackupsProgram.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    @Test
    void listsChecksAndUnpacks() {
        var keys = "--key-file=" + KEYS;
        assertThat(run("list", keys, temp.resolve("backups").toString()))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).startsWith("rb-1  shop  2026-11-26T03:00:00Z  ");

        assertThat(run("verify", keys, point.directory().toString())).isZero();
        assertThat(out.toString()).contains("are as their manifest says");

        var into = temp.resolve("out");
        assertThat(run("extract", keys, point.directory().toString(), "--into", into.toString()))
                .as(err.toString())
                .isZero();
        assertThat(into.resolve("configuration/.env")).hasContent("KEY=1");
        assertThat(into.resolve("models/weights.bin")).hasBinaryContent(new byte[3 << 20]);
        assertThat(into.resolve("database/a shop/toc.dat")).hasContent("toc.dat");
        assertThat(into.resolve("database/a shop/3000.dat.gz")).hasContent("3000.dat.gz");
        assertThat(into.resolve("globals.sql")).hasContent("CREATE ROLE owner LOGIN;\nALTER ROLE owner SET a = 1;");
        assertThat(out.toString()).contains("of PostgreSQL 15.18", "1 roles", "models: 1 files, 3.0 MiB");

        assertThat(run("extract", keys, point.directory().toString(), "--into", into.toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("is not empty: name a new folder");
    }

    @Test
    void unpacksWhatItIsAskedFor() {
        var into = temp.resolve("out");

        assertThat(run(
                        "extract",
                        "--key-file=" + KEYS,
                        point.directory().toString(),
                        "--into",
                        into.toString(),
                        "--only=configuration"))
                .isZero();

        assertThat(into.resolve("configuration/.env")).exists();
        assertThat(into.resolve("models")).doesNotExist();
        assertThat(run(
                        "extract",
                        "--key-file=" + KEYS,
                        point.directory().toString(),
                        "--into",
                        into.toString(),
                        "--only=modells"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("there is no part \"modells\": database, configuration");
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        assertThat(run(
                        "verify",
                        "--key-file=" + temp.resolve("none"),
                        point.directory().toString()))
                .isEqualTo(1);
        assertThat(err.toString()).contains("there is no key file " + temp.resolve("none"));

        assertThat(run("keygen", temp.resolve("other.key").toString())).isZero();
        assertThat(out.toString()).contains("public key: age1", "Keep a copy");
        assertThat(run(
                        "verify",
                        "--key-file=" + temp.resolve("other.key"),
                        point.directory().toString()))
                .isEqualTo(1);
        assertThat(err.toString()).contains("is signed by ed25519:", "none of the keys in");

        Files.delete(Vault.find(point.configuration()).orElseThrow());
        assertThat(run("verify", "--key-file=" + KEYS, point.directory().toString()))
                .isEqualTo(1);
        assertThat(err.toString()).contains("files/configuration.tar.zst.age is missing");
        assertThat(run(
                        "extract",
                        "--key-file=" + KEYS,
                        point.directory().toString(),
                        "--into",
                        temp.resolve("x").toString()))
                .isEqualTo(1);
        assertThat(temp.resolve("x")).doesNotExist();

        assertThat(run()).isEqualTo(2);
        assertThat(err.toString()).contains("name a command", "extract");
    }
}
