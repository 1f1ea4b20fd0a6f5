package io.freedom.rollback.ctl;

import static java.util.stream.Collectors.joining;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.CheckReport;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.ctl.view.Table;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.platform.InvalidDescriptorException;
import io.freedom.rollback.platform.PlatformDescriptors;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.operator.CheckPlatform;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl platform}. */
@Command(
        name = "platform",
        description = "Make platforms known, and see whether they could be rolled back.",
        subcommands = {
            PlatformCommand.Check.class,
            PlatformCommand.Register.class,
            PlatformCommand.ListPlatforms.class,
            PlatformCommand.PrintSchema.class
        })
final class PlatformCommand extends Group {

    /** {@code rollbackctl platform check}. */
    @Command(
            name = "check",
            description = {
                "Check a platform.yaml; then have the workers look whether the platform could be rolled back: tag,"
                        + " compose file, env keys, database, right to write and space for backups. What is wrong"
                        + " there is a problem.",
                "Then they look whether the platform is as described right now: critical paths, configuration and"
                        + " models in the work tree, and every probe, sent once. What differs there is a warning: a"
                        + " broken platform can be rolled back. On a healthy one the descriptor is wrong, and a"
                        + " rollback would be undone because of a probe that never holds.",
                "Nothing is written on the platform's machine; the probes are real requests to the platform. The check"
                        + " is in the history, as a rollback is; while it runs start is rejected, and an incident ends it."
            },
            exitCodeList = {
                "0:could be rolled back; there may be warnings",
                "1:could not be rolled back, or the descriptor is invalid; with --strict also if there are warnings",
                "2:wrong arguments",
                "3:the control plane cannot be reached or did not answer in time",
                "4:rejected, for instance because a rollback runs"
            })
    static final class Check extends WatchingVerb {
        @Parameters(paramLabel = "FILE", description = "platform.yaml")
        private Path file = Path.of("");

        @Option(names = "--offline", description = "check the file alone, without Kafka")
        private boolean offline;

        @Option(
                names = "--strict",
                description = "warnings end with 1, too: for a platform that is known to be healthy")
        private boolean strict;

        @Override
        public Integer call() {
            var descriptor = DescriptorFile.read(file).descriptor();
            if (!offline) {
                return super.call();
            }
            if (json()) {
                out().println(Json.of(Map.of("platform", descriptor.name(), "valid", true)));
            } else {
                out().println(file + " is valid: platform " + descriptor.name() + ", target " + descriptor.target());
            }
            return ExitCode.OK;
        }

        @Override
        int run(ControlPlane plane) {
            var read = DescriptorFile.read(file);
            var name = read.descriptor().name();
            var command = new CheckPlatform(RollbackIds.next(now()), read.text());
            request(plane).ask(name, "rollbackctl platform check", command);
            // A check looks at everything, so it goes on after what fails; its own success says little.
            var report = CheckReport.of(
                    follow(plane, command.getRollbackId()), read.descriptor().target());
            boolean failed =
                    !report.couldBeRolledBack() || strict && !report.warnings().isEmpty();
            if (json()) {
                out().println(Json.of(report.json()));
            } else {
                report.lines(style()).forEach(failed ? err()::println : out()::println);
            }
            return failed ? ExitCode.FAILED : ExitCode.OK;
        }
    }

    /** {@code rollbackctl platform register}. */
    @Command(name = "register", description = "Make a platform known, or replace what is known of it.")
    static final class Register extends Verb {
        @Parameters(paramLabel = "FILE", description = "platform.yaml")
        private Path file = Path.of("");

        @Override
        public Integer call() {
            DescriptorFile.read(file); // before a connection is made: what is wrong here is quicker to mend
            return super.call();
        }

        @Override
        int run(ControlPlane plane) {
            var read = DescriptorFile.read(file);
            var name = read.descriptor().name();
            var answer = request(plane).ask(name, null, new RegisterPlatform(read.text()));
            var lines = new ArrayList<String>();
            lines.add("Registered " + name + ", target " + read.descriptor().target() + ".");
            read.descriptor().unkeptObjectives().forEach(unkept -> lines.add("Mind: " + unkept + "."));
            lines.add("See what a rollback would do: rollbackctl plan " + name);
            return print(List.of(answer), lines);
        }
    }

    /** {@code rollbackctl platform schema}. */
    @Command(
            name = "schema",
            description = {
                "Print the JSON Schema of platform.yaml; needs no Kafka.",
                "For an editor that explains and checks each field, save it and begin the file",
                "with:  # yaml-language-server: $$schema=PATH"
            })
    static final class PrintSchema extends Verb {
        @Override
        public Integer call() {
            var schema = PlatformDescriptors.schema();
            // A string in JSON has no line breaks of its own, so only the layout is lost.
            out().print(json() ? schema.lines().map(String::strip).collect(joining("", "", "\n")) : schema);
            out().flush();
            return ExitCode.OK;
        }

        @Override
        int run(ControlPlane plane) {
            return call();
        }
    }

    /** {@code rollbackctl platform list}. */
    @Command(name = "list", description = "List the registered platforms.")
    static final class ListPlatforms extends Verb {
        @Override
        int run(ControlPlane plane) {
            try (var reader = plane.read(List.of(plane.topics().history()))) {
                reader.seekToBeginning();
                var latest = new TreeMap<String, HistoryEvent>();
                for (var received : reader.readToEnd()) {
                    if (received.value() instanceof HistoryEvent event
                            && event.getEvent() instanceof PlatformRegistered) {
                        latest.put(event.getPlatform(), event);
                    }
                }
                return print(List.copyOf(latest.values()), lines(List.copyOf(latest.values())));
            }
        }

        private List<String> lines(List<HistoryEvent> registrations) {
            if (registrations.isEmpty()) {
                return List.of("No platform is registered. Register one with: rollbackctl platform register FILE");
            }
            var table = new Table("PLATFORM", "SITE", "TARGET", "WORK TREE", "REGISTERED", "BY");
            for (var event : registrations) {
                var registered = (PlatformRegistered) event.getEvent();
                var moment = Texts.moment(event.getAt(), zone());
                try {
                    var known = PlatformDescriptors.parse(registered.getDescriptor(), event.getPlatform());
                    table.row(
                            event.getPlatform(),
                            known.site(),
                            known.target(),
                            known.workTree(),
                            moment,
                            registered.getOperator());
                } catch (InvalidDescriptorException e) {
                    // Registered with another release, whose rules were different.
                    table.row(event.getPlatform(), "?", "?", "?", moment, registered.getOperator());
                }
            }
            return table.lines(style());
        }
    }
}
