package io.freedom.rollback.vault;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * A file or folder in the making, beside the place where it will be. It appears there whole and durable, or not at all:
 * what exists under its final name can be trusted after any crash.
 */
public final class Staging implements AutoCloseable {
    /** Begins the name of everything unfinished; manifests leave it out. */
    public static final String PREFIX = ".partial-";

    private final Path target;
    private final Path path;

    private Staging(Path target, Path path) {
        this.target = target;
        this.path = path;
    }

    /** Makes the parent folder and removes what an earlier attempt left unfinished. */
    public static Staging beside(Path target) throws IOException {
        var parent = PrivateFiles.createParent(target.toAbsolutePath());
        var path = parent.resolve(PREFIX + target.getFileName());
        PrivateFiles.delete(path);
        return new Staging(target, path);
    }

    /** One of several at the same time: each has a name of its own. */
    public static Staging unique(Path target) throws IOException {
        var parent = PrivateFiles.createParent(target.toAbsolutePath());
        return new Staging(target, parent.resolve(PREFIX + UUID.randomUUID() + "-" + target.getFileName()));
    }

    /** Does not exist yet. */
    public Path path() {
        return path;
    }

    public Path folder() throws IOException {
        return PrivateFiles.createFolders(path);
    }

    public void publish() throws IOException {
        PrivateFiles.sealTree(path);
        PrivateFiles.moveInto(path, target);
    }

    @Override
    public void close() throws IOException {
        if (Files.exists(path)) {
            PrivateFiles.delete(path);
        }
    }
}
