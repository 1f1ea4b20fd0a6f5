package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.operator.AbortRollback;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code rollbackctl abort}. */
@Command(
        name = "abort",
        description = {
            "Stop a running rollback and undo what it did.",
            "Works also while it is paused or held; that ends with it. One that waits for its turn does not begin."
        })
final class AbortCommand extends ControlVerb {
    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    @Option(names = "--after-step", description = "let the steps that run end, instead of cancelling them")
    private boolean afterStep;

    @Option(names = "--leave-as-is", description = "undo nothing: the platform stays half rolled back, for you to mend")
    private boolean leaveAsIs;

    @Override
    String verb() {
        return "abort";
    }

    @Override
    int run(ControlPlane plane) {
        var status = running(plane);
        var id = status.getRollbackId();
        var command = AbortRollback.newBuilder()
                .setRollbackId(id)
                .setMode(afterStep ? AbortMode.AFTER_STEP : AbortMode.NOW)
                .setCompensate(!leaveAsIs)
                .build();
        var answer = ask(plane, status, required(reason, "--reason"), command);
        if (answer.getEvent() instanceof IncidentIgnored) {
            return print(List.of(answer), List.of(id + " does not begin; nothing was changed."));
        }
        var when = afterStep ? " stops when the steps that run have ended; " : " stops now; ";
        var then = leaveAsIs
                ? "nothing is undone: " + status.getPlatform() + " is left as it is."
                : "what it did to " + status.getPlatform() + " is being undone.";
        return print(List.of(answer), List.of(id + when + then, "Watch it: rollbackctl watch " + id));
    }
}
