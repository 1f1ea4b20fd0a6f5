package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** A dump in directory format, each of its files packed by the {@link Vault}. It is compressed already. */
record SealedDump(Path folder, Vault vault) {
    /** Takes a dump out of a container. Returns the SHA-256 of its files as they arrived, by name. */
    Map<String, String> fetch(Engine engine, String container, String dump, LongConsumer progress)
            throws StepFailure, InterruptedException {
        var sums = new HashMap<String, String>();
        engine.copyOut(
                container,
                dump,
                in -> {
                    long bytes = 0;
                    var tar = new TarArchiveInputStream(in);
                    for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                        if (entry.isDirectory()) {
                            continue;
                        }
                        var name = String.valueOf(Path.of(entry.getName()).getFileName());
                        sums.put(name, write(tar, name));
                        bytes += entry.getSize();
                    }
                    return bytes;
                },
                progress);
        return sums;
    }

    /** Returns the SHA-256 of the content. What fails here is this machine's disk, and not the engine. */
    private String write(InputStream in, String name) throws IOException, StepFailure {
        var file = vault.sealed(folder.resolve(name), false);
        var sum = Sha256.digest();
        try (var out = new DigestOutputStream(create(file), sum)) {
            var buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                try {
                    out.write(buffer, 0, n);
                } catch (IOException e) {
                    throw Disk.failure(file, e);
                }
            }
            try {
                out.close();
            } catch (IOException e) {
                throw Disk.failure(file, e);
            }
        }
        return Sha256.hex(sum.digest());
    }

    private OutputStream create(Path file) throws StepFailure {
        try {
            return vault.create(file);
        } catch (IOException e) {
            throw Disk.failure(file, e);
        }
    }

    /** Name of the file before it was packed. */
    static String plain(Path file) {
        var name = String.valueOf(file.getFileName());
        return name.endsWith(Vault.ENCRYPTED) ? name.substring(0, name.length() - Vault.ENCRYPTED.length()) : name;
    }
}
