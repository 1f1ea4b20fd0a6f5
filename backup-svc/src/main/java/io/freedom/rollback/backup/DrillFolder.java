package io.freedom.rollback.backup;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Folders of drills, marked as such by git-svc when it makes them. */
final class DrillFolder {
    private static final String MARK = ".rollback-drill";

    private DrillFolder() {}

    /** Whether it is one. */
    static boolean is(Path folder) {
        return folder.isAbsolute() && Files.isRegularFile(folder.resolve(MARK), LinkOption.NOFOLLOW_LINKS);
    }

    /** Whether a folder is directly in one. */
    static boolean holds(Path copy) {
        var parent = copy.normalize().getParent();
        return parent != null && is(parent);
    }
}
