package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.operator.TakeFasterWay;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl faster}. */
@Command(
        name = "faster",
        description = {
            "Do a step in the faster way that the plan has for it: take images that are here instead of building them.",
            "Until the step is over; where it runs, its attempt is ended and the faster one begins.",
            "`rollbackctl plan` and the warning of a missed objective say which steps have one."
        })
final class FasterCommand extends ControlVerb {
    @Parameters(index = "1", paramLabel = "STEP", description = "id of the step")
    private String step = "";

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    @Override
    String verb() {
        return "do faster";
    }

    @Override
    int run(ControlPlane plane) {
        var status = running(plane);
        var id = status.getRollbackId();
        var answer = ask(plane, status, required(reason, "--reason"), new TakeFasterWay(id, step));
        return print(
                List.of(answer), List.of(step + " is done in its faster way.", "Watch it: rollbackctl watch " + id));
    }
}
