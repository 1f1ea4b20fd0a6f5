package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.report.HtmlReport;
import io.freedom.rollback.ctl.report.MarkdownReport;
import io.freedom.rollback.ctl.report.Report;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.ctl.view.Scenarios;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.RollbackStarted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl report}. */
@Command(
        name = "report",
        description = {
            "Write the report of one rollback, from its history alone: timeline, objectives, losses, checklist, decisions.",
            "Checks that no event is missing or altered; if one is, the report says so and the exit code is 1."
        })
final class ReportCommand extends Verb {
    enum Format {
        html("html"),
        markdown("md");

        private final String ending;

        Format(String ending) {
            this.ending = ending;
        }
    }

    @Parameters(
            paramLabel = "ROLLBACK|PLATFORM",
            description = "a rollback's id, or a platform for its newest rollback")
    private String what = "";

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "html",
            description = "html (default; one file that needs nothing else, also for print) or markdown")
    private Format format = Format.html;

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description = "where to write it; - for standard output. Default: ROLLBACK.html or ROLLBACK.md")
    private @Nullable String file;

    @Override
    int run(ControlPlane plane) {
        var history = history(plane);
        var report = Report.of(rollbackId(history), history, now(), zone());
        var text = switch (format) {
            case html -> HtmlReport.of(report);
            case markdown -> MarkdownReport.of(report);
        };
        if ("-".equals(file)) {
            out().print(text);
            out().flush();
        } else {
            write(report, text);
        }
        report.proof().problems().forEach(problem -> err().println("rollbackctl: " + problem));
        return report.proof().holds() ? ExitCode.OK : ExitCode.FAILED;
    }

    private static List<HistoryEvent> history(ControlPlane plane) {
        try (var reader = plane.read(List.of(plane.topics().history()))) {
            reader.seekToBeginning();
            return reader.readToEnd().stream()
                    .filter(received -> received.value() instanceof HistoryEvent)
                    .map(received -> (HistoryEvent) received.value())
                    .toList();
        }
    }

    private String rollbackId(List<HistoryEvent> history) {
        var starts = history.stream()
                .filter(event -> event.getEvent() instanceof RollbackStarted && event.getRollbackId() != null)
                .toList();
        if (starts.stream().anyMatch(start -> what.equals(start.getRollbackId()))) {
            return what;
        }
        if (history.stream().anyMatch(event -> what.equals(event.getRollbackId()))) {
            throw Failure.failed(
                    "The history of '" + what + "' does not tell how it started, so there is no report of it."
                            + " See what there is: rollbackctl history " + what);
        }
        // Someone who names a platform means what changed it, not the last look at whether it could be.
        Predicate<HistoryEvent> onlyLooked = start -> start.getEvent() instanceof RollbackStarted started
                && Scenarios.onlyShows(started.getPlan().getScenario());
        return starts.stream()
                .filter(start -> what.equals(start.getPlatform()))
                .max(Comparator.comparing(onlyLooked.negate()::test).thenComparing(HistoryEvent::getAt))
                .map(start -> Objects.requireNonNull(start.getRollbackId()))
                .orElseThrow(() -> Failure.rejected("The history has no rollback '" + what
                        + "', and none of a platform of that name. See rollbackctl status --all"));
    }

    private void write(Report report, String text) {
        // The id may come from a foreign sender; a file of that name must be in this folder.
        var id = report.headline()
                .rollbackId()
                .replaceAll("[^A-Za-z0-9._-]", "_")
                .replaceAll("^[.-]+", "_");
        var name = file == null ? id + "." + format.ending : file;
        try {
            var path = Path.of(name);
            Files.writeString(path, text);
            out().println(
                            json()
                                    ? Json.of(
                                            Map.of("file", path.toAbsolutePath().toString()))
                                    : "Wrote the report of " + report.headline().rollbackId() + " to " + path);
            out().flush();
        } catch (IOException | InvalidPathException e) {
            throw Failure.usage(name + " cannot be written: " + e.getMessage() + ". Choose another with --file");
        }
    }
}
