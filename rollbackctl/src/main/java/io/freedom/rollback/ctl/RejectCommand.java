package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.RejectGate;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl reject}. */
@Command(
        name = "reject",
        description =
                "Do not let a rollback through a gate: it stops, and what it did is undone; after a breach it is held.")
final class RejectCommand extends ControlVerb {
    @Parameters(index = "1", arity = "0..1", paramLabel = "STEP", description = "the gate, where several are open")
    private @Nullable String step;

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    @Override
    String verb() {
        return "reject";
    }

    @Override
    int run(ControlPlane plane) {
        var status = running(plane);
        var id = status.getRollbackId();
        var gate = gate(status, step);
        var answer = ask(plane, status, required(reason, "--reason"), new RejectGate(id, gate));
        return print(
                List.of(answer),
                List.of(
                        "Rejected " + gate + ": "
                                + (status.getIncidentClass() == IncidentClass.SECURITY_BREACH
                                        ? id + " goes no further, and nothing that was stopped is started for it."
                                        : id + " stops, and what it did to " + status.getPlatform()
                                                + " is being undone."),
                        "Watch it: rollbackctl watch " + id));
    }
}
