package io.freedom.rollback.ctl.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.RestartServices;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import java.io.StringReader;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

/** What a reader of the files sees. */
class RenderedReportTest {
    private static final String HOSTILE =
            "</title></text></td><script>alert('x')</script>\"|`**b**`\u0007\u202egnp|\n![i](http://evil/)&";

    private static String withoutStyle(String html) {
        return html.replaceAll("(?s)<style>.*?</style>", "");
    }

    /** The file without its markup. */
    private static String visible(String html) {
        return withoutStyle(html)
                .replaceAll("<[^>]*>", " ")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&");
    }

    private static List<Element> svgs(String html) throws Exception {
        var found = new ArrayList<Element>();
        var matcher = Pattern.compile("(?s)<svg.*?</svg>").matcher(html);
        while (matcher.find()) {
            var source = new InputSource(new StringReader(matcher.group()));
            found.add(DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(source)
                    .getDocumentElement());
        }
        return found;
    }

    private static List<Element> rects(String html, String css) throws Exception {
        var found = new ArrayList<Element>();
        for (var svg : svgs(html)) {
            var rects = svg.getElementsByTagName("rect");
            for (int i = 0; i < rects.getLength(); i++) {
                var rect = (Element) rects.item(i);
                if (rect.getAttribute("class").equals(css)) {
                    found.add(rect);
                }
            }
        }
        return found;
    }

    private static double end(Element rect) {
        return Double.parseDouble(rect.getAttribute("x")) + Double.parseDouble(rect.getAttribute("width"));
    }

    @Test
    void readsAsOnePageThatNeedsNothingElse() {
        var html = HtmlReport.of(FreedomRollback.succeeded().report());

        assertThat(visible(html))
                .contains("freedom: full-rollback → graveyard/pre-reset", "Succeeded", "met, 29:11 min to spare")
                .contains("No committed data was given up: nothing was restored")
                .contains("10. Backup files preserved and accessible", "Not checked in this scenario")
                .contains("Dump the database freedom_kb", "(2 attempts)", "tried again after 1.0 s")
                .contains("Yes: ", "events, each matches its hash");
        FreedomPlan.keepingTheData()
                .getSteps()
                .forEach(step -> assertThat(visible(html)).contains(step.getTitle(), step.getId()));
        assertThat(html)
                .startsWith("<!DOCTYPE html>")
                .contains("@page { size: A4", "break-inside: avoid", "default-src 'none'")
                .doesNotContain("<script", "src=", "href=", "@import", "url(");
    }

    @Test
    void marksTheTimeWithoutServiceFromTheStopToTheReturn() throws Exception {
        var html = HtmlReport.of(FreedomRollback.succeeded().report());

        var down = rects(html, "down").getFirst();
        var stop = rects(html, "p-shut-down").get(1); // the first is the legend of the lane
        var healthy = rects(html, "p-recover").getLast();
        assertThat(Double.parseDouble(down.getAttribute("x"))).isEqualTo(Double.parseDouble(stop.getAttribute("x")));
        assertThat(end(down)).isCloseTo(end(healthy), within(0.2));
        assertThat(svgs(html).getFirst().getTextContent()).contains("Without service", "21 s");
    }

    @Test
    void drawsFailedAttemptsAndUndoingInAnotherWay() throws Exception {
        var html = HtmlReport.of(FreedomRollback.compensated().report());

        assertThat(rects(html, "failed"))
                .as("a retried dump, services that stay unhealthy")
                .hasSize(2);
        assertThat(rects(html, "p-undo")).as("the lane and three steps").hasSize(4);
        assertThat(visible(html)).contains("Undone: the platform is as it was before", "Undoing", "not reached");
    }

    @Test
    void saysThatItIsNotOverYet() {
        var report = FreedomRollback.restored()
                .at(41_000)
                .dispatched("container.await-healthy", 1, false)
                .report(RecordedHistory.START.plusSeconds(55));

        assertThat(visible(HtmlReport.of(report)))
                .contains("Still running", "not yet, as of 2026-01-31 10:15:55", "29:05 min left", "still to come");
        assertThat(MarkdownReport.of(report)).contains("**Still running", "not yet, as of 2026-01-31 10:15:55");
    }

    @Test
    void warnsAtTheEndOfAHistoryThatWasAltered() {
        var events = new ArrayList<>(FreedomRollback.succeeded().events());
        events.remove(3);
        var report = Report.of(RecordedHistory.ID, events, RecordedHistory.START, ZoneOffset.UTC);

        assertThat(visible(HtmlReport.of(report)))
                .contains("No. Do not rely on this report", "event 5 follows event 3");
        assertThat(MarkdownReport.of(report)).contains("**No. Do not rely on this report");
    }

    @Test
    void showsHostileNamesAsTheyAreAndRunsNothingOfThem() throws Exception {
        var html = HtmlReport.of(hostile());

        assertThat(html)
                .doesNotContain("<script", "alert('x')")
                .contains("&lt;script&gt;alert(&#39;x&#39;)")
                .doesNotContain("\u202e", "\u0007");
        assertThat(svgs(html)).as("still well-formed").isNotEmpty();
        assertThat(visible(html)).contains("</title></text></td><script>alert('x')</script>");
        var tags = Pattern.compile("</?([a-z0-9]+)")
                .matcher(withoutStyle(html))
                .results()
                .map(m -> m.group(1))
                .distinct();
        assertThat(tags).doesNotContain("script", "img", "a");
    }

    @Test
    void keepsHostileNamesInTheirCellOfAMarkdownTable() {
        var markdown = MarkdownReport.of(hostile());

        assertThat(markdown)
                .doesNotContain("<script", "![i](", "**b**", "\u202e", "\u0007")
                .contains("&lt;script&gt;", "\\|", "\\`\\*\\*b\\*\\*\\`");
        // Every row of a table has as many cells as its head.
        int columns = 0;
        for (var line : markdown.lines().toList()) {
            int cells = line.replace("\\\\", "").replace("\\|", "").split("\\|", -1).length;
            if (!line.startsWith("|")) {
                columns = 0;
            } else if (columns == 0) {
                columns = cells;
            } else {
                assertThat(cells).as(line).isEqualTo(columns);
            }
        }
    }

    private static Report hostile() {
        PlanStep step = FreedomPlan.step(
                        "container." + HOSTILE,
                        HOSTILE,
                        Phase.RECOVER,
                        new RestartServices(
                                new ComposeProject("x", "/", List.of(), null, null, null), List.of(), 10, false))
                .build();
        return RecordedHistory.byOperator(FreedomPlan.of(step), HOSTILE, HOSTILE)
                .dispatched(step.getId(), 1, false)
                .at(700)
                .failedForNow(step.getId(), 1, FailureKind.TOOL, HOSTILE, 1000)
                .aborted(HOSTILE, HOSTILE)
                .undoing(HOSTILE, step.getId())
                .report();
    }

    @Test
    void drawsTheTimelineInMarkdownAsText() {
        var markdown = MarkdownReport.of(FreedomRollback.succeeded().report());

        assertThat(markdown)
                .contains("# Rollback report: freedom", "**Succeeded.**", "### 2 Preserve")
                .contains("Dump the database freedom\\_kb<br>backup.database | `x████···················`")
                .contains("Without service from 2026-01-31 10:15:25 for 21 s.")
                .contains("| ✔ | 10. Backup files preserved and accessible |");
    }

    @Test
    void standsOutEnoughFromWhitePaper() {
        var html = HtmlReport.of(FreedomRollback.succeeded().report());
        var colours = Pattern.compile(
                        "\\.p-[a-z-]+ \\{ fill: #([0-9a-f]{6}) }|--(?:ink|dim|red|green|purple|amber): #([0-9a-f]{6})")
                .matcher(html)
                .results()
                .map(match -> match.group(1) == null ? match.group(2) : match.group(1))
                .toList();

        assertThat(colours)
                .hasSizeGreaterThan(12)
                .allSatisfy(
                        colour -> assertThat(contrastToWhite(colour)).as(colour).isGreaterThan(4.5)); // WCAG AA
    }

    private static double contrastToWhite(String rgb) {
        double luminance = 0.2126 * linear(rgb, 0) + 0.7152 * linear(rgb, 2) + 0.0722 * linear(rgb, 4);
        return 1.05 / (luminance + 0.05);
    }

    private static double linear(String rgb, int at) {
        double value = Integer.parseInt(rgb.substring(at, at + 2), 16) / 255.0;
        return value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
    }
}
