package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.vault.BackupKeys;
import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.function.UnaryOperator;

/** Keys for tests, and what is in the files that are sealed with them. */
final class Vaults {
    static final Path KEYS = keys();
    static final Vault VAULT = new Vault(KEYS, true, List.of());
    static final KeptFiles FILES = new KeptFiles(VAULT, InstantSource.system());

    /** It asks the engine where a restore point has containers recorded. */
    private static final EngineProvider ENGINES = new EngineProvider();

    private Vaults() {}

    static WriteManifestHandler manifests(Vault vault, InstantSource clock) {
        return new WriteManifestHandler(ENGINES, vault, clock);
    }

    /** A worker in a process of its own has the same. */
    static final String PROPERTY = "rollback.test.keys";

    private static Path keys() {
        var given = System.getProperty(PROPERTY);
        if (given != null) {
            return Path.of(given);
        }
        try {
            var folder = Files.createTempDirectory("rollback-test-keys");
            folder.toFile().deleteOnExit(); // after what is in it
            var file = folder.resolve("backups.key");
            BackupKeys.generate(file);
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(Path plain) throws IOException {
        try (var in = VAULT.open(Vault.find(plain).orElseThrow())) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Changes what is in a file as somebody could who has the key. */
    static void change(Path file, UnaryOperator<byte[]> change) throws IOException {
        byte[] content;
        try (var in = VAULT.open(file)) {
            content = in.readAllBytes();
        }
        Files.delete(file);
        try (var out = VAULT.create(file)) {
            out.write(change.apply(content));
        }
    }

    static void write(Path plain, String text) throws IOException {
        var file = Vault.find(plain).orElse(VAULT.sealed(plain, false));
        try (var staging = Staging.beside(file)) {
            try (var out = VAULT.create(staging.path())) {
                out.write(text.getBytes(StandardCharsets.UTF_8));
            }
            staging.publish();
        }
    }

    /** Unpacks an archive of a restore point, into a new folder beside the restore point. */
    static Path unpacked(RestorePoint point, Path plain) throws IOException {
        var into = Files.createTempDirectory(point.directory().getParent(), "unpacked");
        try (var reader = ArchiveReader.open(Vault.find(plain).orElseThrow(), point, VAULT)) {
            reader.extract(into, new Tally(new RunningStep("unpack")));
        }
        return into;
    }
}
