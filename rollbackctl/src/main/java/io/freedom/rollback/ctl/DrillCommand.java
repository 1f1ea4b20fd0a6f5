package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.ctl.view.RestorePoints;
import io.freedom.rollback.ctl.view.RestorePoints.Point;
import io.freedom.rollback.platform.DrillCopy;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.operator.StartDrill;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl drill}. */
@Command(
        name = "drill",
        description = {
            "Run a scenario on a throwaway copy of a platform, made from a restore point: own repository, compose project,"
                    + " ports, volumes and database. At its end, however it ends, the copy is removed.",
            "The platform itself serves on and stays free for what may happen to it. The copy takes as much memory and disk"
                    + " as the platform; what its services call outside of their project, they call in the drill as well."
        },
        exitCodeList = {
            "0:started; with --watch: it has succeeded",
            "1:with --watch: it has failed",
            "2:wrong arguments",
            "3:the control plane cannot be reached or did not answer in time",
            "4:rejected: there is no such scenario or restore point, or a drill of the platform runs already"
        })
final class DrillCommand extends WatchingVerb {
    private static final String LATEST = "latest";

    @Parameters(
            index = "0",
            paramLabel = "SCENARIO",
            description = "any that `start` knows but data-migration and selective-rollback")
    private String scenario = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "PLATFORM",
            description = "name of a registered platform; may be left out where there is one only")
    private @Nullable String platform;

    @Option(
            names = "--restore-point",
            paramLabel = "ID|latest",
            description = "what the copy is made from; else the newest verified one")
    private String restorePoint = LATEST;

    @Option(
            names = "--with-data",
            description = "the scenario also puts the database back to the restore point, as it does with"
                    + " `start --restore-point`")
    private boolean withData;

    @Option(
            names = "--service",
            paramLabel = "NAME",
            split = ",",
            description = "service that the scenario concerns; may be repeated; else those that suit it")
    private List<String> services = List.of();

    @Option(names = "--target", paramLabel = "TAG", description = "git tag, instead of the descriptor's")
    private @Nullable String target;

    @Option(
            names = "--port-offset",
            paramLabel = "N",
            defaultValue = "20000",
            description = "added to each port of the machine that the copy publishes; default 20000")
    private int portOffset;

    @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "drill", description = "why, for the history")
    private String reason = "drill";

    @Option(names = "--watch", description = "follow it to its end")
    private boolean watch;

    @Override
    int run(ControlPlane plane) {
        var history = Histories.read(plane, null, null);
        var registered = registered(history);
        var point = point(registered.getPlatform(), history);
        var command = StartDrill.newBuilder()
                .setDrillId(RollbackIds.nextDrill(now()))
                .setDescriptor(((PlatformRegistered) registered.getEvent()).getDescriptor())
                .setScenario(scenario)
                .setTarget(target)
                .setServices(services)
                .setRestorePoint(point.id())
                .setRestorePointDirectory(point.directory())
                .setRestorePointTakenAt(point.takenAt())
                .setCommit(point.commit())
                .setWithData(withData)
                .setPortOffset(portOffset)
                .build();
        var copy = DrillCopy.nameOf(registered.getPlatform());
        var answer = request(plane).ask(copy, required(reason, "--reason"), command);
        var id = command.getDrillId();
        if (json() && !watch) {
            out().println(Json.of(answer));
        } else if (!json()) {
            out().println("Started a drill of " + scenario + " on " + copy + " as " + id + ", from restore point "
                    + point.id() + ".");
            out().flush();
        }
        if (watch) {
            return exitCode(follow(plane, id));
        }
        if (!json()) {
            out().println("Watch it:            rollbackctl watch " + id);
            out().println("Stop and remove it:  rollbackctl abort " + id + " --reason \"…\"");
            out().println("How drills went:     rollbackctl drills " + registered.getPlatform());
        }
        return ExitCode.OK;
    }

    private HistoryEvent registered(List<HistoryEvent> history) {
        var latest = new TreeMap<String, HistoryEvent>();
        for (var event : history) {
            if (event.getEvent() instanceof PlatformRegistered) {
                latest.put(event.getPlatform(), event);
            }
        }
        if (platform == null && latest.size() > 1) {
            throw Failure.usage("which platform? " + String.join(", ", latest.keySet()) + ": rollbackctl drill "
                    + scenario + " PLATFORM");
        }
        var found =
                platform == null ? latest.isEmpty() ? null : latest.firstEntry().getValue() : latest.get(platform);
        if (found == null) {
            throw Failure.rejected((platform == null ? "No platform" : "No platform '" + platform + "'")
                    + " is registered. Register it with: rollbackctl platform register FILE");
        }
        return found;
    }

    private Point point(String of, List<HistoryEvent> history) {
        var known = new RestorePoints(history.stream()
                        .filter(event -> event.getPlatform().equals(of))
                        .toList())
                .restorable()
                .reversed();
        return known.stream()
                .filter(point -> restorePoint.equals(LATEST) || restorePoint.equals(point.id()))
                .findFirst()
                .orElseThrow(() -> Failure.rejected(
                        known.isEmpty()
                                ? "There is no verified restore point of " + of + " to make a copy from. Take one with:"
                                        + " rollbackctl start " + of
                                        + " --scenario restore-point --reason drill --watch"
                                : "There is no verified restore point '" + restorePoint + "' of " + of
                                        + "; the newest are "
                                        + known.stream().limit(5).map(Point::id).collect(Collectors.joining(", "))));
    }
}
