package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A command for one step of a rollback, with the reason for the history. */
abstract class StepVerb extends ControlVerb {
    @Parameters(index = "1", paramLabel = "STEP", description = "id of the step")
    private String step = "";

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    abstract SpecificRecord command(String rollbackId, String step);

    /** What follows, in a sentence. */
    abstract String done(String rollbackId, String step);

    @Override
    final int run(ControlPlane plane) {
        var status = running(plane);
        var id = status.getRollbackId();
        var answer = ask(plane, status, required(reason, "--reason"), command(id, step));
        return print(List.of(answer), List.of(done(id, step), "Watch it: rollbackctl watch " + id));
    }
}
