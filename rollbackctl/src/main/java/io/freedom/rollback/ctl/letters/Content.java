package io.freedom.rollback.ctl.letters;

import io.freedom.rollback.ctl.view.Texts;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Bytes that anybody may have written, as they may be shown on a terminal. */
final class Content {
    private static final int WIDTH = 16;
    private static final int SHOWN = 512;
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    private Content() {}

    static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        var view = buffer.duplicate();
        var bytes = new byte[view.remaining()];
        view.get(bytes);
        return bytes;
    }

    /** Lines of the text that they are; else their beginning in hexadecimal digits. */
    static List<String> lines(byte[] bytes) {
        return text(bytes).map(text -> text.lines().toList()).orElseGet(() -> digits(bytes));
    }

    private static Optional<String> text(byte[] bytes) {
        try {
            var text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            // Escape sequences have no business on the operator's terminal.
            boolean harmless =
                    text.codePoints().allMatch(c -> c == '\n' || c == '\r' || c == '\t' || !Texts.steers(c));
            return harmless ? Optional.of(text) : Optional.empty();
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private static List<String> digits(byte[] bytes) {
        var lines = new ArrayList<String>();
        int shown = Math.min(bytes.length, SHOWN);
        for (int from = 0; from < shown; from += WIDTH) {
            lines.add("%06x  %s".formatted(from, HEX.formatHex(bytes, from, Math.min(from + WIDTH, shown))));
        }
        if (shown < bytes.length) {
            lines.add("… and %,d bytes more: --file FILE writes all".formatted(bytes.length - shown));
        }
        return lines;
    }
}
