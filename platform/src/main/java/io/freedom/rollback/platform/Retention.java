package io.freedom.rollback.platform;

import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.IsoFields;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Function;

/**
 * Which restore points stay: the newest ones, and of the last days, ISO weeks and months that have any the newest of each, by UTC.
 * What one rule keeps stays.
 *
 * @param last at least 1: the newest is never removed
 */
public record Retention(int last, int daily, int weekly, int monthly) {
    public static final Retention DEFAULT = new Retention(24, 7, 4, 6);

    /** Those that no rule keeps, the oldest first. */
    public <T> List<T> surplus(List<T> points, Function<T, Instant> takenAt) {
        var newestFirst =
                points.stream().sorted(Comparator.comparing(takenAt).reversed()).toList();
        var kept = new HashSet<>(newestFirst.subList(0, Math.min(Math.max(1, last), newestFirst.size())));
        Function<T, LocalDate> day = point -> LocalDate.ofInstant(takenAt.apply(point), ZoneOffset.UTC);
        kept.addAll(newestOfEach(newestFirst, daily, day));
        kept.addAll(newestOfEach(
                newestFirst,
                weekly,
                day.andThen(date ->
                        date.get(IsoFields.WEEK_BASED_YEAR) * 100 + date.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR))));
        kept.addAll(newestOfEach(newestFirst, monthly, day.andThen(YearMonth::from)));
        return newestFirst.reversed().stream()
                .filter(point -> !kept.contains(point))
                .toList();
    }

    private static <T> List<T> newestOfEach(List<T> newestFirst, int periods, Function<T, ?> period) {
        var seen = new LinkedHashSet<Object>();
        return newestFirst.stream()
                .filter(point -> seen.size() < periods && seen.add(period.apply(point)))
                .toList();
    }
}
