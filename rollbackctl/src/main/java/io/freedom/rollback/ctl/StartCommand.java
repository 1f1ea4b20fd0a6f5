package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl start}. */
@Command(name = "start", description = "Start a rollback without waiting for an incident.")
final class StartCommand extends StartingVerb {
    @Parameters(paramLabel = "PLATFORM", description = "name of a registered platform")
    private String platform = "";

    @Mixin
    private WantedOptions wanted = new WantedOptions();

    @Option(
            names = "--at",
            paramLabel = "MOMENT",
            description = "restore the database as it was then; a restore point is derived from the WAL archive first: "
                    + Moment.NAMES)
    private @Nullable String at;

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    @Override
    int run(ControlPlane plane) {
        var why = required(reason, "--reason");
        var command = wanted.start(RollbackIds.next(now()));
        return at == null
                ? start(plane, platform, why, command)
                : start(plane, platform, why, command, new Moment(required(at, "--at")));
    }
}
