package io.freedom.rollback.engine;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The entry of one stream that is being read. Each begins with its timestamp; its end is that of a line, or told by the next timestamp. */
final class EntryLine {
    /** Of a line that is longer, the engine makes several entries. */
    private static final int PART = 16 << 10;
    /** What has no end by then is cut. */
    private static final int LONGEST = 64 << 10;

    private static final int STAMP = "2026-11-26T13:00:05.123456789Z".length();
    private static final int SHORTEST_STAMP = "2026-11-26T13:00:05Z".length();
    private static final int LONGEST_STAMP = STAMP + 5; // with an offset
    private static final DateTimeFormatter NANOSECONDS = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final LogEntries entries;
    private final boolean stderr;
    private final byte[] bytes = new byte[LONGEST];
    private int size;
    private String stamp = "";
    /** What was cut goes on without a timestamp. */
    private boolean cut;

    EntryLine(LogEntries entries, boolean stderr) {
        this.entries = entries;
        this.stderr = stderr;
    }

    /** @return whether to go on */
    boolean add(byte[] piece, boolean terminal) {
        int from = 0;
        for (int i = 0; i < piece.length; i++) {
            if (piece[i] == '\n') {
                if (!append(piece, from, i) || !endOfLine(terminal)) {
                    return false;
                }
                from = i + 1;
            }
        }
        return append(piece, from, piece.length);
    }

    private boolean append(byte[] piece, int from, int to) {
        for (int at = from; at < to; ) {
            int fits = Math.min(to - at, LONGEST - size);
            System.arraycopy(piece, at, bytes, size, fits);
            size += fits;
            at += fits;
            if (!parts()) {
                return false;
            }
            if (size == LONGEST) {
                if (!take(size, false)) {
                    return false;
                }
                size = 0;
                cut = true;
            }
        }
        return true;
    }

    /** Gives parts of a long line, of which the next has begun. */
    private boolean parts() {
        while (true) {
            int space = space();
            int next = space + 1 + PART;
            if (cut || space < 0 || size <= next + STAMP || stamp(bytes, next, next + STAMP) == null) {
                return true;
            }
            boolean goesOn = take(next, false);
            System.arraycopy(bytes, next, bytes, 0, size - next);
            size -= next;
            if (!goesOn) {
                return false;
            }
        }
    }

    private boolean endOfLine(boolean terminal) {
        int end = terminal && size > 0 && bytes[size - 1] == '\r' ? size - 1 : size;
        boolean goesOn = take(end, true);
        size = 0;
        cut = false;
        return goesOn;
    }

    /** Nothing follows in this line. @return whether to go on */
    boolean end() {
        boolean goesOn = size == 0 || take(size, false);
        size = 0;
        cut = false;
        return goesOn;
    }

    private boolean take(int to, boolean complete) {
        int space = cut ? -1 : space();
        int begin = 0;
        if (space >= 0) {
            var read = stamp(bytes, 0, space);
            if (read != null) {
                stamp = read;
                begin = space + 1;
            }
        }
        return entries.take(stamp, stderr, complete, Arrays.copyOfRange(bytes, begin, Math.max(begin, to)));
    }

    /** Where the timestamp ends; -1 for nowhere. */
    private int space() {
        for (int i = SHORTEST_STAMP; i < size && i <= LONGEST_STAMP; i++) {
            if (bytes[i] == ' ') {
                return i;
            }
        }
        return -1;
    }

    private static @Nullable String stamp(byte[] bytes, int from, int to) {
        if (to - from < SHORTEST_STAMP || bytes[from + 10] != 'T') {
            return null;
        }
        var text = new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
        // Most have the form already, and parsing each of millions takes its time.
        if (text.length() == STAMP
                && text.charAt(STAMP - 1) == 'Z'
                && text.charAt(19) == '.'
                && areDigits(text, 20, STAMP - 1)
                && areDigits(text, 0, 4)) {
            return text;
        }
        try {
            return NANOSECONDS.format(Instant.parse(text));
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private static boolean areDigits(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }
}
