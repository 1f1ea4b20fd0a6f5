package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Durations, sizes, moments and names as operators read them. */
public final class Texts {
    private static final DateTimeFormatter MOMENT = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);
    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);

    private static final Pattern STEERING = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+");

    private Texts() {}

    /** {@code 3.2 s}, {@code 1:42}, {@code 1:02:03}. */
    public static String span(Duration duration) {
        long millis = Math.max(0, duration.toMillis());
        if (millis < 60_000) {
            return millis < 9_950
                    ? String.format(Locale.ROOT, "%.1f s", millis / 1000.0)
                    : Math.round(millis / 1000.0) + " s";
        }
        long seconds = millis / 1000;
        return seconds < 3600
                ? String.format(Locale.ROOT, "%d:%02d min", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d h", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }

    /** A limit from a plan: {@code 30 s}, {@code 5 min}. */
    public static String limit(long millis) {
        var limit = Duration.ofMillis(millis);
        if (limit.isZero() || millis % 60_000 != 0) {
            return span(limit);
        }
        if (limit.equals(Duration.ofDays(limit.toDays()))) {
            return limit.toDays() + (limit.toDays() == 1 ? " day" : " days");
        }
        boolean hours = limit.toHours() > 1 && limit.equals(Duration.ofHours(limit.toHours()));
        return hours ? limit.toHours() + " h" : limit.toMinutes() + " min";
    }

    /** What is left of the recovery time objective, or how far it is missed. */
    static String left(Duration left) {
        return left.isNegative() ? "missed by " + span(left.negated()) : span(left) + " left";
    }

    public static String moment(Instant instant, ZoneId zone) {
        return MOMENT.format(instant.atZone(zone));
    }

    public static String clock(Instant instant, ZoneId zone) {
        return CLOCK.format(instant.atZone(zone));
    }

    public static String size(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        while (value >= 1000 && unit < 4) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, value < 10 ? "%.1f %cB" : "%.0f %cB", value, "kMGTP".charAt(unit));
    }

    /** {@code SHUT_DOWN} as {@code Shut down}. */
    private static String name(Enum<?> constant) {
        var words = constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        return Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }

    /** With the number that the runbook gives it. */
    public static String phase(Phase phase) {
        int number = switch (phase) {
            case ASSESS -> 1;
            case PRESERVE -> 2;
            case SHUT_DOWN -> 3;
            case REVERT -> 4;
            case RECOVER -> 5;
            case VALIDATE -> 6;
            case FINISH -> 7;
        };
        return number + " " + name(phase);
    }

    public static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** One line without what steers a terminal, or turns its text around. */
    public static String plain(String text) {
        return STEERING.matcher(text).replaceAll(" ");
    }

    /** The same with its lines as they are. */
    public static String harmless(String text) {
        return text.lines().map(Texts::plain).collect(Collectors.joining("\n"));
    }

    /** Whether it steers a terminal, or turns its text around. */
    public static boolean steers(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }

    /**
     * One line, at most so wide; what is cut off ends in an ellipsis. Control characters become spaces: a detail quotes
     * other programs, whose escape sequences have no business on the operator's terminal.
     */
    public static String cut(String text, int width) {
        var line = plain(text).strip();
        if (line.length() <= width) {
            return line;
        }
        return width < 2 ? "" : line.substring(0, width - 1) + "…";
    }

    /** Lines of at most so many characters, broken at spaces where there are any. */
    static List<String> wrap(String text, int width) {
        var lines = new ArrayList<String>();
        var rest = plain(text).strip();
        while (rest.length() > width) {
            int space = rest.lastIndexOf(' ', width);
            int end = space > width / 2 ? space : width;
            lines.add(rest.substring(0, end).strip());
            rest = rest.substring(end).strip();
        }
        lines.add(rest);
        return lines;
    }

    static String pad(String text, int width) {
        return text.length() >= width ? text : text + " ".repeat(width - text.length());
    }

    /** With the class of the incident, where one is known. */
    static String aim(Plan plan) {
        var kind = plan.getIncidentClass();
        var services = plan.getServices().isEmpty() ? "" : " of " + String.join(", ", plan.getServices());
        return aim(plan.getScenario() + services, plan.getTarget())
                + (kind == null ? "" : ", for a " + lower(kind))
                + (plan.getOverrides() == null ? "" : ", instead of " + plan.getOverrides());
    }

    public static String aim(String scenario, @Nullable String target) {
        return target == null ? scenario : scenario + " → " + target;
    }
}
