package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.history.RollbackPaused;
import io.freedom.rollback.schemas.operator.PauseRollback;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code rollbackctl pause}. */
@Command(
        name = "pause",
        description = {
            "Begin no further step, neither to roll back nor to undo; what runs ends.",
            "Gates can be answered meanwhile, and do not expire."
        })
final class PauseCommand extends ControlVerb {
    @Option(names = "--reason", paramLabel = "TEXT", description = "why, for the history")
    private @Nullable String reason;

    @Override
    String verb() {
        return "pause";
    }

    @Override
    int run(ControlPlane plane) {
        var status = running(plane);
        var id = status.getRollbackId();
        var answer = ask(plane, status, reason, new PauseRollback(id));
        var lines = new ArrayList<String>();
        lines.add(id + " is paused: no step begins any more.");
        if (answer.getEvent() instanceof RollbackPaused paused && paused.getDownSince() != null) {
            lines.add(status.getPlatform() + " is DOWN since " + Texts.moment(paused.getDownSince(), zone())
                    + ", and stays so while this is paused.");
        }
        lines.add("Go on:            rollbackctl resume " + id);
        lines.add("Stop and undo it: rollbackctl abort " + id + " --reason \"…\"");
        return print(List.of(answer), lines);
    }
}
