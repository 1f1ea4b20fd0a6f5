package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** A dump in directory format, each of its files packed by the {@link Vault}. It is compressed already. */
record SealedDump(Path folder, Vault vault) {
    private static final String NAME = "dump";

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

    /** Copies it into a folder of a container, where everybody may read and remove it; returns where it is. */
    String copyInto(Engine engine, String container, String directory) throws StepFailure, InterruptedException {
        var files = Disk.work(folder, this::files);
        engine.copyIn(
                container,
                out -> {
                    var tar = Archive.tar(out);
                    var home = new TarArchiveEntry(NAME + "/");
                    home.setMode(040777);
                    tar.putArchiveEntry(home);
                    tar.closeArchiveEntry();
                    for (var file : files) {
                        var entry = new TarArchiveEntry(NAME + "/" + plain(file));
                        entry.setMode(0100644);
                        try {
                            entry.setSize(Vault.plainSize(file));
                        } catch (IOException e) {
                            throw Disk.failure(file, e);
                        }
                        tar.putArchiveEntry(entry);
                        try (var in = vault.open(file)) {
                            var buffer = new byte[1 << 16];
                            for (int n = read(in, buffer, file); n >= 0; n = read(in, buffer, file)) {
                                tar.write(buffer, 0, n);
                            }
                        } catch (KeyException | DamagedException | NoSuchFileException e) {
                            throw Disk.failure(file, e);
                        }
                        tar.closeArchiveEntry();
                    }
                    tar.finish();
                    tar.flush();
                },
                directory);
        return directory + "/" + NAME;
    }

    private static int read(InputStream in, byte[] buffer, Path file) throws StepFailure {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            throw Disk.failure(file, e);
        }
    }

    private List<Path> files() throws IOException {
        try (var all = Files.list(folder)) {
            return new ArrayList<>(all.filter(Files::isRegularFile).sorted().toList());
        }
    }

    /** Name of the file before it was packed. */
    static String plain(Path file) {
        var name = String.valueOf(file.getFileName());
        return name.endsWith(Vault.ENCRYPTED) ? name.substring(0, name.length() - Vault.ENCRYPTED.length()) : name;
    }
}
