package io.freedom.rollback.backup;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** A position in a server's WAL, as bytes from its beginning, unsigned. */
record Lsn(long bytes) implements Comparable<Lsn> {
    private static final Pattern TEXT = Pattern.compile("([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})");

    /** Of "0/3016588"; empty where it is none. */
    static Optional<Lsn> of(String text) {
        var parts = TEXT.matcher(text);
        return parts.matches()
                ? Optional.of(new Lsn(Long.parseLong(parts.group(1), 16) << 32 | Long.parseLong(parts.group(2), 16)))
                : Optional.empty();
    }

    /** Number of the segment that it is in. */
    long segment(long segmentSize) {
        return Long.divideUnsigned(bytes, segmentSize);
    }

    /** Number of the segment that a file of {@code pg_wal} holds, finished or not; empty for other files. */
    static Optional<Long> segmentOf(String file, long segmentSize) {
        if (!file.matches("[0-9A-F]{24}(\\.partial)?")) {
            return Optional.empty();
        }
        long log = Long.parseLong(file.substring(8, 16), 16);
        return Optional.of(log * ((1L << 32) / segmentSize) + Long.parseLong(file.substring(16, 24), 16));
    }

    /** E.g. "00000001000000000000000A", without its timeline. */
    static String fileOf(long segment, long segmentSize) {
        long each = (1L << 32) / segmentSize;
        return String.format(Locale.ROOT, "%08X%08X", segment / each, segment % each);
    }

    @Override
    public int compareTo(Lsn other) {
        return Long.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%X/%X", bytes >>> 32, bytes & 0xFFFFFFFFL);
    }
}
