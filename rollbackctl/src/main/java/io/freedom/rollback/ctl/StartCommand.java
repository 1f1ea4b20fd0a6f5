package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.schemas.history.RollbackStarted;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl start}. */
@Command(name = "start", description = "Start a rollback without waiting for an incident.")
final class StartCommand extends WatchingVerb {
    @Parameters(paramLabel = "PLATFORM", description = "name of a registered platform")
    private String platform = "";

    @Mixin
    private WantedOptions wanted = new WantedOptions();

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    @Option(names = "--watch", description = "follow it to its end")
    private boolean watch;

    @Override
    int run(ControlPlane plane) {
        var command = wanted.start(RollbackIds.next(now()));
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
}
