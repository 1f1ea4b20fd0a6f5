package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.operator.StartRollback;
import picocli.CommandLine.Option;

/** A command that starts a scenario, and can follow it to its end. */
abstract class StartingVerb extends WatchingVerb {
    @Option(names = "--watch", description = "follow it to its end")
    private boolean watch;

    final int start(ControlPlane plane, String platform, String reason, StartRollback command) {
        var answer = request(plane).ask(platform, reason, command);
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
}
