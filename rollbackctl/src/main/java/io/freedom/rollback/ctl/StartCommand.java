package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
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

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    @Override
    int run(ControlPlane plane) {
        return start(plane, platform, required(reason, "--reason"), wanted.start(RollbackIds.next(now())));
    }
}
