package io.freedom.rollback.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the file system says of a file, links not followed.
 *
 * @param inode with the device, e.g. "64768:131"
 * @param size bytes
 * @param links how many names it has
 * @param modified last change of the content
 * @param changed last change of content, owner, mode or names
 */
record UnixStat(String inode, int mode, int user, int group, long size, int links, Instant modified, Instant changed) {
    static UnixStat of(Path path) throws IOException {
        var all = Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS);
        return new UnixStat(
                all.get("dev") + ":" + all.get("ino"),
                number(all.get("mode")).intValue(),
                number(all.get("uid")).intValue(),
                number(all.get("gid")).intValue(),
                number(all.get("size")).longValue(),
                number(all.get("nlink")).intValue(),
                ((FileTime) Objects.requireNonNull(all.get("lastModifiedTime"))).toInstant(),
                ((FileTime) Objects.requireNonNull(all.get("ctime"))).toInstant());
    }

    private static Number number(@Nullable Object value) {
        return (Number) Objects.requireNonNull(value);
    }

    /** Whether nothing of the content or its name has changed since. */
    boolean isSteady(@Nullable UnixStat later) {
        return later != null
                && inode.equals(later.inode)
                && size == later.size
                && modified.equals(later.modified)
                && changed.equals(later.changed);
    }
}
