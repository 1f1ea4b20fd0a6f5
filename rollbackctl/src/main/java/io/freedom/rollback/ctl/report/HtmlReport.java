package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.status.RollbackState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The report as one HTML file that needs nothing else: no script, no network. */
public final class HtmlReport {
    private static final int SHORT = 14;

    private final Report report;
    private final Words words;
    private final StringBuilder out = new StringBuilder(64_000);

    private HtmlReport(Report report) {
        this.report = report;
        words = new Words(report.zone());
    }

    public static String of(Report report) {
        return new HtmlReport(report).render();
    }

    private String render() {
        begin();
        headline();
        figures();
        timeline();
        losses();
        checklist();
        decisions();
        versions();
        troubles();
        undoing();
        afterwards();
        steps();
        proof();
        return out.append("</main></body></html>\n").toString();
    }

    private void begin() {
        var headline = report.headline();
        // The policy holds even should something slip through the escaping: nothing runs, nothing is fetched.
        out.append("""
                <!DOCTYPE html>
                <html lang="en"><head><meta charset="utf-8">
                <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                """);
        out.append("<title>Rollback ").append(Html.text(headline.rollbackId() + " of " + headline.platform()));
        out.append("</title>\n<style>\n").append(stylesheet()).append("</style></head>\n<body><main>\n");
    }

    private void headline() {
        var headline = report.headline();
        element("p", "kind", "Rollback report");
        element("h1", "", headline.platform() + ": " + Texts.aim(headline.scenario(), headline.target()));
        out.append("<p class=\"outcome ").append(tone(headline.state())).append("\"><strong>");
        out.append(Html.text(headline.outcome())).append("</strong>");
        if (!headline.reason().isBlank()) {
            out.append("<span>").append(Html.text(headline.reason())).append("</span>");
        }
        out.append("</p>\n<dl>");
        fact("Rollback", headline.rollbackId());
        fact("Started by", headline.startedBy());
        fact("Started", words.moment(headline.startedAt()) + " " + words.zoneName());
        var finished = headline.finishedAt();
        fact("Finished", finished == null ? "not yet, as of " + words.moment(report.asOf()) : words.moment(finished));
        var continues = headline.continues();
        if (continues != null) {
            fact("Goes on from", continues);
        }
        var continuedBy = headline.continuedBy();
        if (continuedBy != null) {
            fact("Goes on as", continuedBy);
        }
        fact("Committed data", report.losses().recoveryPoint());
        out.append("</dl>\n");
    }

    private void figures() {
        section("Against the objectives");
        table("", "Objective", "Target", "Actual", "Verdict");
        for (var figure : report.figures()) {
            row(figure.mark(), figure.name(), figure.target(), figure.actual(), figure.verdict());
        }
        row(
                report.losses().mark(),
                "Recovery point (RPO)",
                report.losses().target(),
                report.losses().recoveryPoint(),
                String.join("\n", report.losses().evidence()));
        endTable();
    }

    private void timeline() {
        section("Timeline");
        out.append("<p class=\"legend\"><span class=\"k-down\">without service</span> <span class=\"k-failed\">failed"
                + " attempt</span> <span class=\"k-undo\">undoing</span></p>\n<div class=\"gantt\">\n");
        out.append(new GanttSvg(report.timeline(), report.asOf()).render()).append("</div>\n");
    }

    private void losses() {
        section("What was given up, and where it is kept");
        if (report.losses().givenUp().isEmpty()) {
            element("p", "", "Nothing that the history tells of.");
            return;
        }
        out.append("<ul>");
        report.losses().givenUp().forEach(line -> element("li", "", line));
        out.append("</ul>\n");
    }

    private void checklist() {
        section("Validation checklist");
        table("", "Point", "Evidence");
        for (var point : report.checklist()) {
            row(point.mark(), point.number() + ". " + point.name(), String.join("\n", point.evidence()));
        }
        endTable();
    }

    private void decisions() {
        section("Decisions");
        datedTable("When", "Who", "What", "Why");
        for (var decision : report.decisions()) {
            cells(List.of(words.moment(decision.at()), decision.who(), decision.what(), decision.why()));
        }
        endTable();
    }

    private void versions() {
        section("Versions");
        table("", "Before", "After");
        report.versions().forEach(version -> cells(List.of(version.of(), version.before(), version.after())));
        endTable();
    }

    private void troubles() {
        section("Failures and retries");
        if (report.troubles().isEmpty()) {
            element("p", "", "None: every step succeeded at its first attempt.");
            return;
        }
        datedTable("When", "Step", "Attempt", "Kind", "Message", "Then");
        for (var trouble : report.troubles()) {
            cells(List.of(
                    words.moment(trouble.at()),
                    trouble.step(),
                    trouble.attempt() == 0 ? "–" : String.valueOf(trouble.attempt()),
                    trouble.kind(),
                    trouble.message(),
                    trouble.then()));
        }
        endTable();
    }

    private void undoing() {
        section("Compensation");
        if (report.undoing().isEmpty()) {
            element("p", "", "Nothing was undone.");
            return;
        }
        table("", "Undone, in this order", "Step", "Result");
        report.undoing().forEach(undone -> row(undone.mark(), undone.title(), undone.stepId(), undone.result()));
        endTable();
    }

    private void afterwards() {
        section("Afterwards");
        if (report.afterwards().isEmpty()) {
            element("p", "", "Nothing that the history tells of.");
            return;
        }
        table("", "When", "What");
        report.afterwards().forEach(line -> row(line.mark(), words.moment(line.at()), line.what()));
        endTable();
    }

    private void steps() {
        section("All steps");
        table("", "Step", "Began", "Took", "Before", "Attempts", "Result");
        for (var lane : report.timeline().lanes()) {
            out.append("<tr class=\"lane\"><th colspan=\"7\">")
                    .append(Html.text(lane.name()))
                    .append("</th></tr>\n");
            for (var step : lane.rows()) {
                row(
                        step.mark(),
                        step.title() + "\n" + step.stepId(),
                        step.bars().isEmpty()
                                ? ""
                                : Texts.clock(step.bars().getFirst().from(), report.zone()),
                        step.took(report.asOf()).map(Texts::span).orElse(""),
                        words.expected(step.expected()),
                        step.bars().isEmpty() ? "" : String.valueOf(step.bars().size()),
                        step.result());
            }
        }
        endTable();
    }

    private void proof() {
        section("Is this history whole?");
        var proof = report.proof();
        element(
                "p",
                proof.holds() ? "" : "broken",
                proof.holds()
                        ? "Yes: " + Words.count(proof.events(), "events") + ", each matches its hash and names the one"
                                + " before. The last hash is " + proof.lastHash() + "."
                        : "No. Do not rely on this report before this is explained:");
        if (!proof.holds()) {
            out.append("<ul>");
            proof.problems().forEach(problem -> element("li", "", problem));
            out.append("</ul>\n");
        }
        element(
                "p",
                "made",
                "Made " + words.moment(report.asOf()) + " " + words.zoneName() + " from the history alone.");
    }

    // ---- markup -----------------------------------------------------------------------------------

    private void section(String title) {
        element("h2", "", title);
    }

    private void element(String name, String css, String text) {
        out.append('<')
                .append(name)
                .append(css.isEmpty() ? "" : " class=\"" + css + "\"")
                .append('>');
        out.append(Html.text(text)).append("</").append(name).append(">\n");
    }

    private void fact(String name, String value) {
        out.append("<dt>")
                .append(Html.text(name))
                .append("</dt><dd>")
                .append(Html.text(value))
                .append("</dd>\n");
    }

    private void datedTable(String... columns) {
        table(" class=\"dated\"", List.of(columns));
    }

    private void table(String... columns) {
        table("", List.of(columns));
    }

    private void table(String attributes, List<String> columns) {
        out.append("<table").append(attributes).append("><thead><tr>");
        for (var column : columns) {
            out.append("<th>").append(Html.text(column)).append("</th>");
        }
        out.append("</tr></thead><tbody>\n");
    }

    private void row(Mark mark, String... cells) {
        out.append("<tr><td class=\"mark m-")
                .append(Words.lower(mark))
                .append("\">")
                .append(mark.symbol());
        out.append("</td>");
        cells(List.of(cells), "");
    }

    private void cells(List<String> cells) {
        cells(cells, "<tr>");
    }

    private void cells(List<String> cells, String before) {
        out.append(before);
        for (var cell : cells) {
            // Short words must not be broken for the sake of long ones.
            out.append(cell.length() <= SHORT ? "<td class=\"short\">" : "<td>");
            out.append(Html.text(cell)).append("</td>");
        }
        out.append("</tr>\n");
    }

    private void endTable() {
        out.append("</tbody></table>\n");
    }

    private static String tone(RollbackState state) {
        return switch (state) {
            case RUNNING, PAUSED, HELD, AWAITING_APPROVAL -> "running";
            case SUCCEEDED -> "good";
            case COMPENSATING, REFUSED, COMPENSATED -> "undone";
            case COMPENSATION_FAILED, ABORTED -> "bad";
        };
    }

    private static String stylesheet() {
        try (var css = HtmlReport.class.getResourceAsStream("report.css")) {
            if (css == null) {
                throw new IllegalStateException("report.css is missing from this program");
            }
            return new String(css.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
