package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.view.Texts;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How the report speaks of moments, numbers and names. */
record Words(ZoneId zone) {
    String moment(Instant at) {
        return Texts.moment(at, zone);
    }

    String zoneName() {
        return zone.equals(ZoneOffset.UTC) ? "UTC" : zone.getId();
    }

    /** {@code 1 file}, {@code 1,207 rows}; the unit is given in the plural. */
    static String count(long number, String units) {
        return String.format(Locale.ROOT, "%,d %s", number, number == 1 ? singular(units) : units);
    }

    private static String singular(String units) {
        int space = units.indexOf(' ');
        var noun = space < 0 ? units : units.substring(0, space);
        return noun.substring(0, noun.length() - 1) + (space < 0 ? "" : units.substring(space));
    }

    /** The first ones by name, and how many more there are. */
    static String list(List<String> names, int most) {
        var shown = String.join(", ", names.subList(0, Math.min(most, names.size())));
        return names.size() > most ? shown + " and " + (names.size() - most) + " more" : shown;
    }

    /** A commit, an image id or a hash, short enough to compare by eye. */
    static String brief(String id) {
        var hex = id.startsWith("sha256:") ? id.substring("sha256:".length()) : id;
        return hex.length() > 12 ? hex.substring(0, 12) : hex;
    }

    /** What it took before; empty where that is not known. */
    String expected(@Nullable Duration before) {
        return before == null ? "" : Texts.span(before);
    }

    static String because(String text, @Nullable String reason) {
        return reason == null || reason.isBlank() ? text : text + ": " + reason;
    }

    static String lower(Enum<?> constant) {
        return Texts.lower(constant);
    }

    static String capital(String text) {
        return text.isEmpty() ? text : Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }
}
