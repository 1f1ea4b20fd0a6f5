package io.freedom.rollback.git;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the file system says of a file, links not followed: with the same stamp it holds the same.
 *
 * @param inode with the device, e.g. "64768:131"
 * @param size bytes
 * @param modified last change of the content
 * @param changed last change of content, owner, mode or names
 */
record FileStamp(String inode, int mode, long size, Instant modified, Instant changed) {
    /** A change so soon after a reading might not show in the times. */
    private static final Duration SETTLED = Duration.ofSeconds(2);

    private static final int READ_BY_OTHERS = 0004;
    private static final int ENTERED_BY_OTHERS = 0001;

    /** Empty where there is no such file. */
    static Optional<FileStamp> of(Path path) throws IOException {
        try {
            var all = Files.readAttributes(
                    path, "unix:dev,ino,mode,size,lastModifiedTime,ctime", LinkOption.NOFOLLOW_LINKS);
            return Optional.of(new FileStamp(
                    all.get("dev") + ":" + all.get("ino"),
                    number(all.get("mode")).intValue(),
                    number(all.get("size")).longValue(),
                    ((FileTime) Objects.requireNonNull(all.get("lastModifiedTime"))).toInstant(),
                    ((FileTime) Objects.requireNonNull(all.get("ctime"))).toInstant()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static Number number(@Nullable Object value) {
        return (Number) Objects.requireNonNull(value);
    }

    /** Whether a later change would give it another stamp. */
    boolean isSettled(Instant read) {
        return modified.plus(SETTLED).isBefore(read) && changed.plus(SETTLED).isBefore(read);
    }

    boolean isForEverybody() {
        return (mode & READ_BY_OTHERS) != 0;
    }

    /** Of a folder. */
    boolean isOpenToEverybody() {
        return (mode & ENTERED_BY_OTHERS) != 0;
    }
}
