package io.freedom.rollback.standalone;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * Everything that outlives the process: the broker's log, the registry's database, the services' state, and log files.
 * Locked while in use, and marked with what wrote it, so that a wrong directory is refused instead of being written to.
 */
public final class DataDirectory implements AutoCloseable {
    private static final String MARKER = "rollback.properties";
    private static final String LAYOUT = "1";

    private final Path root;
    private final FileChannel lock;
    private final String clusterId;

    private DataDirectory(Path root, FileChannel lock, String clusterId) {
        this.root = root;
        this.lock = lock;
        this.clusterId = clusterId;
    }

    /** Opens, or creates, the directory for this process alone. */
    public static DataDirectory open(Path directory) {
        var root = directory.toAbsolutePath().normalize();
        try {
            Files.createDirectories(root);
            requireOurs(root);
            var lock = lock(root);
            try {
                var id = clusterId(root);
                for (var name : new String[] {"broker", "registry", "state", "logs", "keys"}) {
                    Files.createDirectories(root.resolve(name));
                }
                return new DataDirectory(root, lock, id);
            } catch (IOException | RuntimeException e) {
                lock.close();
                throw e;
            }
        } catch (IOException e) {
            throw new StartupException(
                    "cannot use the data directory " + root + ": " + e + ": make it writable for this user, or choose"
                            + " another with --data-dir",
                    e);
        }
    }

    public Path broker() {
        return root.resolve("broker");
    }

    public Path registry() {
        return root.resolve("registry");
    }

    public Path state() {
        return root.resolve("state");
    }

    /** Of the restore points. */
    public Path keyFile() {
        return root.resolve("keys").resolve("backups.key");
    }

    public Path logs() {
        return root.resolve("logs");
    }

    public String clusterId() {
        return clusterId;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private static void requireOurs(Path root) throws IOException {
        if (Files.exists(root.resolve(MARKER))) {
            return;
        }
        try (var entries = Files.list(root)) {
            // A first start that failed leaves log and lock files behind; keys are put back before that on a new disk.
            var foreign = entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> !List.of("lock", "logs", "keys").contains(name))
                    .findFirst();
            if (foreign.isPresent()) {
                throw new StartupException(root + " holds files (" + foreign.get() + ") but no " + MARKER
                        + ", so it is not a data directory of rollback-standalone: choose an empty or a new directory"
                        + " with --data-dir");
            }
        }
    }

    private static FileChannel lock(Path root) throws IOException {
        var channel = FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // The other user is in this very process.
        }
        channel.close();
        throw new StartupException("the data directory " + root + " is in use by another rollback-standalone: stop that"
                + " one, or choose another directory with --data-dir");
    }

    private static String clusterId(Path root) throws IOException {
        var marker = root.resolve(MARKER);
        if (!Files.exists(marker)) {
            var fresh = new Properties();
            fresh.setProperty("layout", LAYOUT);
            fresh.setProperty("kafka.version", AppInfoParser.getVersion());
            fresh.setProperty("cluster.id", Uuid.randomUuid().toString());
            try (var out = Files.newOutputStream(marker)) {
                fresh.store(out, "Data of rollback-standalone. Do not edit.");
            }
        }
        var known = read(marker);
        var layout = known.getProperty("layout", "?");
        if (!layout.equals(LAYOUT)) {
            throw new StartupException(root + " has data layout " + layout + "; this version reads layout " + LAYOUT
                    + ": use the version that wrote it, or choose another directory with --data-dir");
        }
        var id = known.getProperty("cluster.id", "?");
        var formatted = root.resolve("broker").resolve("meta.properties");
        if (Files.exists(formatted)) {
            var brokers = read(formatted).getProperty("cluster.id", "?");
            if (!brokers.equals(id)) {
                throw new StartupException("the broker's files in " + formatted.getParent() + " belong to cluster "
                        + brokers + ", but " + marker + " says " + id + ": put back the files that belong together"
                        + " (a restored copy of the whole directory), or choose another directory with --data-dir");
            }
        }
        return id;
    }

    private static Properties read(Path file) throws IOException {
        var properties = new Properties();
        try (var in = Files.newInputStream(file)) {
            properties.load(in);
        }
        return properties;
    }
}
