package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Bar;
import io.freedom.rollback.ctl.report.Report.Lane;
import io.freedom.rollback.ctl.report.Report.Row;
import io.freedom.rollback.ctl.report.Report.Span;
import io.freedom.rollback.ctl.report.Report.Timeline;
import io.freedom.rollback.ctl.view.Texts;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * The timeline as one SVG for each phase, all on the same scale: a page may end between two of them, never within. What
 * matters has a shape beside its colour: failed attempts are hollow, time without service is outlined.
 */
final class GanttSvg {
    private static final int WIDTH = 1000;
    private static final int LEFT = 345;
    private static final int RIGHT = 930;
    private static final int HEAD = 22;
    private static final int ROW = 19;
    private static final int BAR = 11;
    private static final int TITLE = 46;
    private static final List<Long> STEPS = List.of(
            100L,
            200L,
            500L,
            1_000L,
            2_000L,
            5_000L,
            10_000L,
            15_000L,
            30_000L,
            60_000L,
            120_000L,
            300_000L,
            600_000L,
            900_000L,
            1_800_000L,
            3_600_000L,
            7_200_000L,
            21_600_000L,
            86_400_000L,
            604_800_000L);

    private final Timeline timeline;
    private final Instant asOf;
    private final long length;
    private final long tick;
    private final StringBuilder out = new StringBuilder();

    GanttSvg(Timeline timeline, Instant asOf) {
        this.timeline = timeline;
        this.asOf = asOf;
        length =
                Math.max(100, Duration.between(timeline.start(), timeline.end()).toMillis());
        tick = STEPS.stream().filter(step -> length / step < 7).findFirst().orElse(length);
    }

    String render() {
        service();
        timeline.lanes().forEach(this::lane);
        return out.toString();
    }

    private void service() {
        begin(HEAD + ROW, "Service");
        head("Service", "service");
        var down = timeline.down();
        if (down == null) {
            label("Without service", HEAD, "");
            text(LEFT, HEAD + 13, "took", "never");
        } else {
            label("Without service", HEAD, "");
            var end = down.to() == null ? asOf : down.to();
            double from = x(down.from());
            double to = Math.max(x(end), from + 2);
            out.append(rect("down", from, HEAD + 3, to - from, BAR + 2));
            var span = Texts.span(Duration.between(down.from(), end)) + (down.to() == null ? ", still" : "");
            beside(from, to, HEAD + 13, span);
        }
        end();
    }

    private void lane(Lane lane) {
        int height = HEAD + ROW * lane.rows().size() + 4;
        var css = "p-" + lane.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
        begin(height, lane.name());
        band(lane, css, height);
        head(lane.name(), css);
        if (timeline.down() != null) {
            shade(timeline.down(), height);
        }
        int y = HEAD;
        for (var row : lane.rows()) {
            row(row, css, y);
            y += ROW;
        }
        end();
    }

    /** From the first step's beginning to the last one's end. */
    private void band(Lane lane, String css, int height) {
        var bars = lane.rows().stream().flatMap(row -> row.bars().stream()).toList();
        var from = bars.stream().map(Bar::from).min(Instant::compareTo);
        var to = bars.stream().map(bar -> bar.endsAt(asOf)).max(Instant::compareTo);
        if (from.isPresent() && to.isPresent()) {
            double x = x(from.get());
            out.append(rect(css + " band", x, HEAD - 3, Math.max(2, x(to.get()) - x), height - HEAD + 3.0));
        }
    }

    private void head(String name, String css) {
        out.append(rect(css, 0, 4, 8, 13));
        text(14, 15, "phase", name);
        for (long at = 0; at <= length; at += tick) {
            double x = LEFT + (RIGHT - LEFT) * (double) at / length;
            out.append(String.format(
                    Locale.ROOT,
                    "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"100%%\"/>",
                    x,
                    x,
                    HEAD - 4));
            text(x, 14, "tick", at == 0 ? "0" : "+" + offset(at));
        }
    }

    private static String offset(long millis) {
        return millis < 1000 ? millis + " ms" : millis < 60_000 ? millis / 1000 + " s" : Texts.limit(millis);
    }

    private void shade(Span down, int height) {
        var end = down.to() == null ? asOf : down.to();
        double x = x(down.from());
        out.append(rect("shade", x, HEAD - 3, Math.max(1, x(end) - x), height - HEAD + 3.0));
    }

    private void row(Row row, String css, int y) {
        label(row.mark().symbol() + " " + Texts.cut(row.title(), TITLE), y, row.title() + " (" + row.stepId() + ")");
        if (row.bars().isEmpty()) {
            text(LEFT, y + 13, "never", Texts.cut(row.result(), 60));
            return;
        }
        waits(row, y);
        double last = LEFT;
        for (var bar : row.bars()) {
            double from = x(bar.from());
            double to = Math.max(x(bar.endsAt(asOf)), from + 2);
            out.append("<g>").append(title("Attempt " + bar.attempt() + ": " + bar.text()));
            out.append(rect(bar.failed() ? "failed" : css, from, y + 4, to - from, BAR));
            out.append("</g>");
            last = to;
        }
        var retries = row.bars().size() > 1 ? " (" + row.bars().size() + " attempts)" : "";
        beside(x(row.bars().getFirst().from()), last, y + 13, took(row) + retries);
    }

    private void waits(Row row, int y) {
        var bars = row.bars();
        if (bars.size() > 1) {
            out.append(String.format(
                    Locale.ROOT,
                    "<line class=\"wait\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    x(bars.getFirst().from()),
                    x(bars.getLast().from()),
                    y + 4 + BAR / 2.0,
                    y + 4 + BAR / 2.0));
        }
    }

    private String took(Row row) {
        var took = row.took(asOf).map(Texts::span).orElse("");
        return row.mark() == Mark.PENDING ? took + ", running" : took;
    }

    // ---- drawing ----------------------------------------------------------------------------------

    private double x(Instant at) {
        long offset = Duration.between(timeline.start(), at).toMillis();
        return LEFT + (RIGHT - LEFT) * (double) Math.clamp(offset, 0, length) / length;
    }

    private void begin(int height, String name) {
        out.append("<svg viewBox=\"0 0 ").append(WIDTH).append(' ').append(height);
        out.append("\" role=\"img\" aria-label=\"").append(Html.text(name)).append("\">\n");
    }

    private void end() {
        out.append("</svg>\n");
    }

    private void label(String text, int y, String title) {
        out.append("<g>").append(title(title));
        text(14, y + 13.0, "label", text);
        out.append("</g>\n");
    }

    /** Behind the bar, or before it where there is no room. */
    private void beside(double from, double to, double y, String text) {
        boolean room = to + 6 + text.length() * 6.2 < WIDTH;
        text(room ? to + 4 : from - 4, y, room ? "took" : "took before", text);
    }

    private void text(double x, double y, String css, String text) {
        out.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, css));
        out.append(Html.text(text)).append("</text>");
    }

    private static String title(String text) {
        return text.isEmpty() ? "" : "<title>" + Html.text(text) + "</title>";
    }

    private static String rect(String css, double x, double y, double width, double height) {
        return String.format(
                Locale.ROOT,
                "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                css,
                x,
                y,
                width,
                height);
    }
}
