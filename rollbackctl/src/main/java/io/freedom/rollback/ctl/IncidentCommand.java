package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.Answers;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.topics.Published;
import io.freedom.rollback.ctl.view.IncidentLog;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl incident}. */
@Command(
        name = "incident",
        description = "Report incidents as an alerting system would, and read the log of all.",
        subcommands = {IncidentCommand.Raise.class, IncidentCommand.Log.class})
final class IncidentCommand extends Group {

    /** {@code rollbackctl incident log}. */
    @Command(
            name = "log",
            description = {
                "The incident log: what went wrong, what answered it, and how that ended.",
                "What operators asked for is in it, too. Repeated reports of one incident are left out."
            })
    static final class Log extends Verb {
        @Parameters(arity = "0..1", paramLabel = "PLATFORM", description = "only of this platform")
        private @Nullable String platform;

        @Option(names = "--since", paramLabel = "DURATION", description = "only the last, e.g. 2h or 7d")
        private @Nullable Duration since;

        @Override
        int run(ControlPlane plane) {
            var history = Histories.read(plane, since == null ? null : now().minus(since), platform);
            return print(IncidentLog.entries(history), IncidentLog.lines(history, zone(), style()));
        }
    }

    /** {@code rollbackctl incident raise}. */
    @Command(
            name = "raise",
            description = {
                "Report an incident and wait for the decision.",
                "A rollback starts, or the incident joins one that runs, waits, is held for you, or is ignored. With",
                "--file the file is published as it is (Alertmanager v4 or CloudEvents)."
            },
            exitCodeList = {
                "0:a rollback answers it, or it waits for one; with --watch: that has succeeded",
                "1:with --watch: the rollback was refused, undone or has failed",
                "2:wrong arguments",
                "3:the control plane cannot be reached or did not answer in time",
                "4:ignored, or held for you"
            })
    static final class Raise extends WatchingVerb {
        @Parameters(arity = "0..1", paramLabel = "PLATFORM", description = "name of a registered platform")
        private @Nullable String platform;

        @Option(
                names = "--class",
                paramLabel = "CLASS",
                converter = IncidentClasses.class,
                description = IncidentClasses.NAMES)
        private @Nullable IncidentClass incidentClass;

        @Option(names = "--summary", paramLabel = "TEXT", description = "one line for a human")
        private @Nullable String summary;

        @Option(
                names = "--began",
                paramLabel = "ISO",
                description = "when it began, e.g. 2026-01-31T10:15:00Z; else now")
        private @Nullable Instant began;

        @Option(
                names = "--fingerprint",
                paramLabel = "TEXT",
                description = "with --began it names one incident: the same again starts nothing")
        private @Nullable String fingerprint;

        @Option(names = "--evidence", paramLabel = "KEY=VALUE", description = "labels and annotations; repeatable")
        private Map<String, String> evidence = new LinkedHashMap<>();

        @Option(names = "--file", paramLabel = "FILE", description = "alert as JSON, published as it is")
        private @Nullable Path file;

        @Option(
                names = "--watch",
                description = "follow the rollback that it starts or joins to its end; the exit code is the rollback's")
        private boolean watch;

        @Option(names = "--no-wait", description = "do not wait for the decision")
        private boolean noWait;

        @Override
        public Integer call() {
            if (file == null && (platform == null || incidentClass == null || summary == null)) {
                throw Failure.usage("name PLATFORM, --class and --summary; or --file");
            }
            if (file != null && (incidentClass != null || summary != null)) {
                throw Failure.usage("--file is published as it is: it goes with neither --class nor --summary");
            }
            if (watch && noWait) {
                throw Failure.usage("--watch needs the decision that --no-wait does not wait for: choose one");
            }
            return super.call();
        }

        @Override
        int run(ControlPlane plane) {
            return file == null ? raise(incident(), plane) : raise(AlertFile.read(file), plane);
        }

        private Incident incident() {
            var kind = Objects.requireNonNull(incidentClass);
            return Incident.newBuilder()
                    .setIncidentId(UUID.randomUUID().toString())
                    .setPlatform(Objects.requireNonNull(platform))
                    .setIncidentClass(kind)
                    .setStatus(IncidentStatus.FIRING)
                    .setFingerprint(fingerprint == null ? "rollbackctl:" + kind : fingerprint)
                    .setBeganAt(began == null ? now() : began)
                    .setSummary(Objects.requireNonNull(summary))
                    .setEvidence(evidence)
                    .setSource("rollbackctl, " + root().operator())
                    .build();
        }

        private int raise(Incident incident, ControlPlane plane) {
            var id = incident.getIncidentId();
            return raise(
                    plane,
                    () -> plane.publish(plane.topics().incidents(), incident.getPlatform(), incident),
                    event -> id.equals(event.getCause()));
        }

        /** The incidents in a file get their ids from the orchestrator, so the decision is known by what it is about. */
        private int raise(AlertFile alert, ControlPlane plane) {
            var about = alert.platform() == null ? platform : alert.platform();
            var key = platform == null ? about : platform;
            return raise(
                    plane,
                    () -> plane.publish(plane.topics().incidents(), key, alert.bytes()),
                    event -> IncidentDecision.of(event).isPresent()
                            && (about == null || about.equals(event.getPlatform())));
        }

        private interface Publishing {
            Published now();
        }

        private int raise(ControlPlane plane, Publishing publishing, Predicate<HistoryEvent> isDecision) {
            if (noWait) {
                var published = publishing.now();
                if (!json()) {
                    out().println("Published to " + published.topic() + "-" + published.partition() + ", offset "
                            + published.offset() + ".");
                }
                return ExitCode.OK;
            }
            try (var answers = Answers.to(plane.topics().incidents(), plane)) {
                var event =
                        answers.await(isDecision, publishing.now(), timeout()).orElseThrow(this::noAnswer);
                var decision = IncidentDecision.of(event)
                        .orElseThrow(() -> new IllegalStateException("no decision: " + event.getEvent()));
                out().println(json() ? Json.of(event) : Texts.harmless(decision.text()));
                out().flush();
                var rollbackId = decision.rollbackId();
                return watch && rollbackId != null ? exitCode(follow(plane, rollbackId)) : decision.exitCode();
            }
        }

        private Failure noAnswer() {
            return Failure.unreachable(
                    "No decision within " + timeout().toSeconds() + " s: is the orchestrator running?"
                            + " The incident is kept and WILL be decided once it runs. See: rollbackctl history --since 10m");
        }
    }
}
