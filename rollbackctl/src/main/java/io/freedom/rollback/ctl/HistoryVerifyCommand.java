package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.verify.Finding;
import io.freedom.rollback.ctl.verify.Summary;
import io.freedom.rollback.ctl.verify.Verification;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.ctl.view.Texts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code rollbackctl history verify}. */
@Command(
        name = "verify",
        description = {
            "Prove that the history is whole and tells what is.",
            "Every event's hash is computed anew, its chain and order are checked, and the state of each rollback is rebuilt",
            "from its events alone. That state must be the one in the status, and the orchestrator's store must have the same",
            "events. Rollbacks that run are compared up to the event that all three have reached, within --timeout."
        },
        exitCodeList = {
            "0:all of it holds",
            "1:something does not hold, or could not be compared",
            "2:wrong arguments",
            "3:the control plane cannot be reached",
            "4:no such platform or rollback, or these topics may not be read"
        })
final class HistoryVerifyCommand extends Verb {
    @Option(names = "--platform", paramLabel = "NAME", description = "only this platform")
    private @Nullable String platform;

    @Option(names = "--rollback", paramLabel = "ROLLBACK", description = "only this rollback")
    private @Nullable String rollback;

    @Override
    int run(ControlPlane plane) {
        var verification = read(plane);
        var findings = verification.findings();
        var summary = verification.summary();
        var missing = verification.missingTopics();
        if (summary.events() == 0 && findings.isEmpty() && (platform != null || rollback != null)) {
            throw Failure.rejected("The history has nothing of " + (rollback == null ? platform : rollback)
                    + ". See rollbackctl status --all, and rollbackctl platform list");
        }
        if (json()) {
            findings.forEach(finding -> out().println(Json.of(record(finding))));
            out().println(Json.of(record(summary)));
        } else {
            findings.forEach(finding -> out().println(Texts.harmless(line(finding))));
            lines(summary, missing.isEmpty()).forEach(line -> out().println(Texts.harmless(line)));
        }
        if (!missing.isEmpty()) {
            err().println("rollbackctl: not all was compared: there is no topic " + String.join(", ", missing)
                    + ". Has the orchestrator been started, and is --prefix the one it uses?");
        }
        return findings.isEmpty() && missing.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
    }

    private Verification read(ControlPlane plane) {
        try (var reader = plane.read(Verification.topics(plane.topics()))) {
            var verification = new Verification(plane.topics(), reader.beginnings(), platform, rollback);
            reader.seekToBeginning();
            reader.readToEnd(verification::take);
            var end = Instant.now().plus(timeout());
            while (!verification.settle() && Instant.now().isBefore(end)) {
                reader.poll(Duration.ofMillis(200)).forEach(verification::take);
            }
            return verification;
        }
    }

    private static String line(Finding finding) {
        var id = finding.rollback();
        return (id == null ? "platform " + finding.platform() : id + " of " + finding.platform()) + " does not hold: "
                + finding.problem() + "; " + finding.advice();
    }

    private static List<String> lines(Summary summary, boolean whole) {
        var lines = new ArrayList<String>();
        summary.running()
                .forEach(running -> lines.add(running.rollback() + " of " + running.platform()
                        + " runs: compared up to its event " + running.comparedUpTo()));
        if (summary.truncated() > 0) {
            lines.add(
                    count(summary.truncated(), "rollback begins", "rollbacks begin")
                            + " in the middle, older than what is kept: the chain is checked from there on, and no state rebuilt");
        }
        lines.add(count(summary.rollbacks(), "rollback", "rollbacks") + " and "
                + count(summary.platforms(), "platform", "platforms") + ", "
                + count(summary.events(), "event", "events") + ": "
                + (summary.broken() == 0
                        ? whole ? "all hold" : "what could be compared holds"
                        : count(summary.broken(), "does not hold", "do not hold")));
        return lines;
    }

    private static String count(long number, String one, String several) {
        return number + " " + (number == 1 ? one : several);
    }

    private static Map<String, Object> record(Finding finding) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("platform", finding.platform());
        fields.put("rollback", finding.rollback());
        fields.put("problem", finding.problem());
        fields.put("advice", finding.advice());
        return fields;
    }

    private static Map<String, Object> record(Summary summary) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("rollbacks", summary.rollbacks());
        fields.put("platforms", summary.platforms());
        fields.put("events", summary.events());
        fields.put("broken", summary.broken());
        fields.put("truncated", summary.truncated());
        fields.put(
                "running",
                summary.running().stream()
                        .map(running -> Map.of(
                                "platform", running.platform(),
                                "rollback", running.rollback(),
                                "comparedUpTo", running.comparedUpTo()))
                        .toList());
        return fields;
    }
}
