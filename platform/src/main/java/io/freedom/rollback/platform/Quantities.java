package io.freedom.rollback.platform;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Durations such as {@code 20m} and sizes such as {@code 512MiB}. */
final class Quantities {
    private static final Pattern DURATION = Pattern.compile("([1-9][0-9]{0,5})([smh])");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,12}) ?(B|KiB|MiB|GiB|TiB)");

    private Quantities() {}

    static Optional<Duration> duration(String text) {
        var matcher = DURATION.matcher(text);
        return matcher.matches() ? Optional.of(Duration.parse("PT" + text.toUpperCase(Locale.ROOT))) : Optional.empty();
    }

    /** Bytes. */
    static Optional<Long> size(String text) {
        var matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long unit = switch (matcher.group(2)) {
            case "B" -> 1;
            case "KiB" -> 1L << 10;
            case "MiB" -> 1L << 20;
            case "GiB" -> 1L << 30;
            default -> 1L << 40;
        };
        try {
            return Optional.of(Math.multiplyExact(Long.parseLong(matcher.group(1)), unit));
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }
}
