package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.operator.ResumeRollback;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code rollbackctl resume}. */
@Command(name = "resume", description = "Let a paused rollback go on.")
final class ResumeCommand extends ControlVerb {
    @Option(names = "--reason", paramLabel = "TEXT", description = "why, for the history")
    private @Nullable String reason;

    @Override
    String verb() {
        return "resume";
    }

    @Override
    int run(ControlPlane plane) {
        var status = running(plane);
        var id = status.getRollbackId();
        var answer = ask(plane, status, reason, new ResumeRollback(id));
        return print(List.of(answer), List.of(id + " goes on.", "Watch it: rollbackctl watch " + id));
    }
}
