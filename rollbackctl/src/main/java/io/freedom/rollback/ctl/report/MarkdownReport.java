package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Bar;
import io.freedom.rollback.ctl.report.Report.Row;
import io.freedom.rollback.ctl.view.Texts;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The report as Markdown, for a ticket or a pull request. */
public final class MarkdownReport {
    private static final int COLUMNS = 24;

    private final Report report;
    private final Words words;
    private final StringBuilder out = new StringBuilder(32_000);

    private MarkdownReport(Report report) {
        this.report = report;
        words = new Words(report.zone());
    }

    public static String of(Report report) {
        return new MarkdownReport(report).render();
    }

    private String render() {
        headline();
        figures();
        timeline();
        section("What was given up, and where it is kept");
        list(report.losses().givenUp(), "Nothing that the history tells of.");
        section("Validation checklist");
        out.append(Markdown.head("", "Point", "Evidence"));
        report.checklist()
                .forEach(point -> out.append(Markdown.row(List.of(
                        point.mark().symbol(),
                        point.number() + ". " + Markdown.text(point.name()),
                        Markdown.lines(point.evidence())))));
        section("Decisions");
        out.append(Markdown.head("When", "Who", "What", "Why"));
        report.decisions()
                .forEach(decision -> row(words.moment(decision.at()), decision.who(), decision.what(), decision.why()));
        section("Versions");
        out.append(Markdown.head("", "Before", "After"));
        report.versions().forEach(version -> row(version.of(), version.before(), version.after()));
        troubles();
        undoing();
        afterwards();
        proof();
        return out.toString();
    }

    private void headline() {
        var headline = report.headline();
        out.append("# Rollback report: ")
                .append(Markdown.text(headline.platform()))
                .append("\n\n");
        out.append("**").append(Markdown.text(headline.outcome())).append(".**");
        if (!headline.reason().isBlank()) {
            out.append(' ').append(Markdown.text(headline.reason()));
        }
        out.append("\n\n").append(Markdown.head("", ""));
        row("Rollback", headline.rollbackId());
        row("Scenario", Texts.aim(headline.scenario(), headline.target()));
        row("Started by", headline.startedBy());
        row("Started", words.moment(headline.startedAt()) + " " + words.zoneName());
        var continues = headline.continues();
        if (continues != null) {
            row("Goes on from", continues);
        }
        var continuedBy = headline.continuedBy();
        if (continuedBy != null) {
            row("Goes on as", continuedBy);
        }
        var finished = headline.finishedAt();
        row("Finished", finished == null ? "not yet, as of " + words.moment(report.asOf()) : words.moment(finished));
    }

    private void figures() {
        section("Against the objectives");
        out.append(Markdown.head("Objective", "Target", "Actual", "Verdict"));
        report.figures()
                .forEach(figure -> row(
                        figure.name(),
                        figure.target(),
                        figure.actual(),
                        figure.mark().symbol() + " " + figure.verdict()));
        out.append(Markdown.row(List.of(
                "Recovery point (RPO)",
                report.losses().target(),
                Markdown.text(report.losses().recoveryPoint()),
                report.losses().mark().symbol() + " "
                        + Markdown.lines(report.losses().evidence()))));
    }

    private void timeline() {
        section("Timeline");
        var down = report.timeline().down();
        var end = down == null || down.to() == null ? report.asOf() : down.to();
        out.append(
                down == null
                        ? "Service was never taken down.\n"
                        : "Without service from " + words.moment(down.from()) + " for "
                                + Texts.span(Duration.between(down.from(), end)) + (down.to() == null ? ", still" : "")
                                + ".\n");
        for (var lane : report.timeline().lanes()) {
            out.append("\n### ").append(Markdown.text(lane.name())).append("\n\n");
            out.append(Markdown.head("", "Step", "When", "Began", "Took", "Before", "Attempts", "Result"));
            lane.rows().forEach(this::step);
        }
    }

    private void step(Row step) {
        var bars = step.bars();
        out.append(Markdown.row(List.of(
                step.mark().symbol(),
                Markdown.text(step.title()) + "<br>" + Markdown.text(step.stepId()),
                "`" + chart(bars) + "`",
                bars.isEmpty() ? "" : Texts.clock(bars.getFirst().from(), report.zone()),
                step.took(report.asOf()).map(Texts::span).orElse(""),
                words.expected(step.expected()),
                bars.isEmpty() ? "" : String.valueOf(bars.size()),
                Markdown.text(step.result()))));
    }

    /** {@code ···██x██·····}: the row of the Gantt chart. */
    private String chart(List<Bar> bars) {
        var chart = new char[COLUMNS];
        Arrays.fill(chart, '·');
        for (var bar : bars) {
            int from = column(bar.from());
            Arrays.fill(chart, from, Math.max(from, column(bar.endsAt(report.asOf()))) + 1, bar.failed() ? 'x' : '█');
        }
        return new String(chart);
    }

    private int column(Instant at) {
        var timeline = report.timeline();
        long length =
                Math.max(1, Duration.between(timeline.start(), timeline.end()).toMillis());
        long offset = Duration.between(timeline.start(), at).toMillis();
        return (int) Math.clamp(offset * COLUMNS / length, 0, COLUMNS - 1);
    }

    private void troubles() {
        section("Failures and retries");
        if (report.troubles().isEmpty()) {
            out.append("None: every step succeeded at its first attempt.\n");
            return;
        }
        out.append(Markdown.head("When", "Step", "Attempt", "Kind", "Message", "Then"));
        report.troubles()
                .forEach(trouble -> row(
                        words.moment(trouble.at()),
                        trouble.step(),
                        trouble.attempt() == 0 ? "–" : String.valueOf(trouble.attempt()),
                        trouble.kind(),
                        trouble.message(),
                        trouble.then()));
    }

    private void undoing() {
        section("Compensation");
        if (report.undoing().isEmpty()) {
            out.append("Nothing was undone.\n");
            return;
        }
        out.append(Markdown.head("", "Undone, in this order", "Step", "Result"));
        report.undoing()
                .forEach(undone -> row(undone.mark().symbol(), undone.title(), undone.stepId(), undone.result()));
    }

    private void afterwards() {
        section("Afterwards");
        if (report.afterwards().isEmpty()) {
            out.append("Nothing that the history tells of.\n");
            return;
        }
        out.append(Markdown.head("", "When", "What"));
        report.afterwards().forEach(line -> row(line.mark().symbol(), words.moment(line.at()), line.what()));
    }

    private void proof() {
        section("Is this history whole?");
        var proof = report.proof();
        if (proof.holds()) {
            out.append("Yes: ").append(Words.count(proof.events(), "events"));
            out.append(", each matches its hash and names the one before. The last hash is ");
            out.append(proof.lastHash()).append(".\n");
        } else {
            out.append("**No. Do not rely on this report before this is explained:**\n\n");
            list(proof.problems(), "");
        }
        out.append("\nMade ").append(words.moment(report.asOf())).append(' ').append(words.zoneName());
        out.append(" from the history alone.\n");
    }

    private void section(String title) {
        out.append("\n## ").append(title).append("\n\n");
    }

    private void list(List<String> lines, String otherwise) {
        if (lines.isEmpty()) {
            out.append(otherwise).append('\n');
        }
        lines.forEach(line -> out.append("- ").append(Markdown.text(line)).append('\n'));
    }

    private void row(String... cells) {
        out.append(Markdown.row(Stream.of(cells).map(Markdown::text).toList()));
    }
}
