package io.freedom.rollback.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** A folder in a tree that comes from elsewhere, such as one of git's, in which links may lead out. */
public final class InnerFolder {
    private InnerFolder() {}

    /** Makes what is missing of a folder below {@code root}. False where it is not below it, or a link on the way leads out: then nothing is made there. */
    public static boolean make(Path root, Path folder) throws IOException {
        var plain = folder.normalize();
        if (!plain.startsWith(root.normalize())) {
            return false;
        }
        var home = root.toRealPath();
        var at = home;
        for (var part : root.normalize().relativize(plain)) {
            at = at.resolve(part);
            if (!Files.exists(at, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectory(at);
            }
            if (!Files.isDirectory(at) || !at.toRealPath().startsWith(home)) {
                return false;
            }
        }
        return true;
    }
}
