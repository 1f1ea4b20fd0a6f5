package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.history.UndoApproved;
import io.freedom.rollback.schemas.operator.UndoRollback;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code rollbackctl undo}. */
@Command(
        name = "undo",
        description = {
            "Undo a rollback that has succeeded: the platform returns to where it was before.",
            "Possible for a platform's newest rollback, until another one has succeeded in changing it, and no longer than",
            "its restore point is held (`backups.hold` of the descriptor).",
            "Where data are given up, as many operators have to ask for it as had to approve that (`approvals`)."
        })
final class UndoCommand extends ControlVerb {
    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    @Option(
            names = "--accept-data-loss",
            description = "where the rollback had restored a database: give up what was committed since")
    private boolean acceptDataLoss;

    @Option(names = "--watch", description = "follow it to its end; the exit code is 0 when it was undone")
    private boolean watch;

    @Override
    String verb() {
        return "undo";
    }

    @Override
    boolean concerns(RollbackStatus status) {
        return super.concerns(status) || status.getState() == RollbackState.SUCCEEDED;
    }

    @Override
    int run(ControlPlane plane) {
        var status = running(plane);
        var id = status.getRollbackId();
        var answer = ask(plane, status, required(reason, "--reason"), new UndoRollback(id, acceptDataLoss));
        if (answer.getEvent() instanceof UndoApproved asked && asked.getApprovals() < asked.getNeeded()) {
            int printed = print(
                    List.of(answer),
                    List.of(
                            "Nothing is undone yet: " + asked.getApprovals() + " of " + asked.getNeeded()
                                    + " operators have asked, the others have until "
                                    + Texts.moment(asked.getDeadline(), zone()) + ".",
                            "They say: rollbackctl undo " + id + " --accept-data-loss --reason \"…\""));
            return watch ? ExitCode.FAILED : printed;
        }
        if (watch) {
            return follow(plane, id).getState() == RollbackState.COMPENSATED ? ExitCode.OK : ExitCode.FAILED;
        }
        return print(
                List.of(answer),
                List.of(
                        "What " + id + " did to " + status.getPlatform() + " is being undone.",
                        "It is not over yet, watch it: rollbackctl watch " + id));
    }
}
