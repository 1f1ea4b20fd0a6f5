package io.freedom.rollback.ctl;

import java.time.Duration;
import java.util.Locale;
import picocli.CommandLine.TypeConversionException;

/** {@code 90s}, {@code 20m}, {@code 1h}, {@code 2d}. */
final class Durations {
    private Durations() {}

    static Duration parse(String text) {
        if (!text.matches("[0-9]{1,6}[smhd]")) {
            throw new TypeConversionException("'" + text + "' is no duration such as 90s, 20m, 1h or 2d");
        }
        var upper = text.toUpperCase(Locale.ROOT);
        return Duration.parse(upper.endsWith("D") ? "P" + upper : "PT" + upper);
    }
}
