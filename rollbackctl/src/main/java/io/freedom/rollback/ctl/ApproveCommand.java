package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.history.GateApproved;
import io.freedom.rollback.schemas.operator.ApproveGate;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl approve}. */
@Command(
        name = "approve",
        description = {
            "Let a rollback through a gate. `rollbackctl status ROLLBACK` shows what the gate asks.",
            "Each operator (--operator) counts once."
        })
final class ApproveCommand extends ControlVerb {
    @Parameters(index = "1", arity = "0..1", paramLabel = "STEP", description = "the gate, where several are open")
    private @Nullable String step;

    @Option(names = "--reason", paramLabel = "TEXT", description = "why, for the history")
    private @Nullable String reason;

    @Override
    String verb() {
        return "approve";
    }

    @Override
    int run(ControlPlane plane) {
        var status = running(plane);
        var id = status.getRollbackId();
        var gate = gate(status, step);
        var answer = ask(plane, status, reason, new ApproveGate(id, gate));
        return print(List.of(answer), List.of("Approved " + gate + " of " + id + outcome(answer.getEvent())));
    }

    private static String outcome(Object answer) {
        if (!(answer instanceof GateApproved approved)) {
            return ".";
        }
        int missing = approved.getNeeded() - approved.getApprovals();
        var count = " (" + approved.getApprovals() + " of " + approved.getNeeded() + ")";
        return missing > 0 ? count + ": " + missing + " more must come from somebody else." : count + ": it goes on.";
    }
}
