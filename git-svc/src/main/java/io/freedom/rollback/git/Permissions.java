package io.freedom.rollback.git;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** Permissions that git does not keep: a file with secrets must not come back readable for all. */
final class Permissions {
    private Permissions() {}

    /** Of those paths that are regular files. */
    static Map<String, String> of(Path root, Collection<String> paths) throws IOException {
        var permissions = new TreeMap<String, String>();
        for (var path : paths) {
            var file = root.resolve(path);
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                permissions.put(path, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            }
        }
        return permissions;
    }

    static void restore(Path root, Map<String, String> permissions) throws IOException {
        var files = new RealFiles(root);
        for (var entry : permissions.entrySet()) {
            var file = root.resolve(entry.getKey());
            if (files.hasRealParents(entry.getKey()) && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                var wanted = PosixFilePermissions.fromString(entry.getValue());
                if (!Files.getPosixFilePermissions(file).equals(wanted)) {
                    Files.setPosixFilePermissions(file, wanted);
                }
            }
        }
    }
}
