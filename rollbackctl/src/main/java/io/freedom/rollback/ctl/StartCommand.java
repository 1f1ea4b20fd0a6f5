package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.StartRollback;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl start}. */
@Command(name = "start", description = "Start a rollback without waiting for an incident.")
final class StartCommand extends WatchingVerb {
    @Parameters(paramLabel = "PLATFORM", description = "name of a registered platform")
    private String platform = "";

    @Option(
            names = "--scenario",
            paramLabel = "NAME",
            description =
                    "full-rollback, or restore-point, which only takes one; else the one that the descriptor has for"
                            + " the class, or full-rollback without a class")
    private @Nullable String scenario;

    @Option(
            names = "--class",
            paramLabel = "CLASS",
            converter = IncidentClasses.class,
            description = "as for an incident of this class: " + IncidentClasses.NAMES
                    + ". After a security-breach the database server is restarted, too; a data-corruption needs"
                    + " --restore-point")
    private @Nullable IncidentClass incidentClass;

    @Option(names = "--target", paramLabel = "TAG", description = "git tag, instead of the descriptor's")
    private @Nullable String target;

    @Option(
            names = "--restore-point",
            paramLabel = "ID|latest",
            description = "restore the database from this restore point; else its data stay")
    private @Nullable String restorePoint;

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    @Option(names = "--watch", description = "follow it to its end")
    private boolean watch;

    @Override
    int run(ControlPlane plane) {
        var command = new StartRollback(
                RollbackIds.next(now()), scenario(scenario, incidentClass), target, restorePoint, incidentClass);
        var answer = request(plane).ask(platform, required(reason, "--reason"), command);
        var id = answer.getRollbackId() == null ? command.getRollbackId() : answer.getRollbackId();
        if (json() && !watch) {
            out().println(Json.of(answer));
        } else if (!json()) {
            var what = answer.getEvent() instanceof RollbackStarted e
                    ? e.getPlan().getScenario() + " of " + platform + " as " + id + ", "
                            + e.getPlan().getSteps().size() + " steps"
                    : platform + " as " + id;
            out().println("Started " + what);
        }
        if (watch) {
            return exitCode(follow(plane, id));
        }
        if (!json()) {
            out().println("Watch it:         rollbackctl watch " + id);
            out().println("Stop and undo it: rollbackctl abort " + id + " --reason \"…\"");
        }
        return ExitCode.OK;
    }

    /** As the command has it: empty for the one that the descriptor has for the class. */
    static String scenario(@Nullable String named, @Nullable IncidentClass incidentClass) {
        if (named != null) {
            return required(named, "--scenario");
        }
        return incidentClass == null ? "full-rollback" : "";
    }
}
