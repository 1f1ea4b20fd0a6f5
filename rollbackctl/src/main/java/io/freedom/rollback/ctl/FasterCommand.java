package io.freedom.rollback.ctl;

import io.freedom.rollback.schemas.operator.TakeFasterWay;
import org.apache.avro.specific.SpecificRecord;
import picocli.CommandLine.Command;

/** {@code rollbackctl faster}. */
@Command(
        name = "faster",
        description = {
            "Do a step in the faster way that the plan has for it: take images that are here instead of building them.",
            "Until the step is over; where it runs, its attempt is ended and the faster one begins.",
            "`rollbackctl plan` and the warning of a missed objective say which steps have one."
        })
final class FasterCommand extends StepVerb {
    @Override
    String verb() {
        return "do faster";
    }

    @Override
    SpecificRecord command(String rollbackId, String step) {
        return new TakeFasterWay(rollbackId, step);
    }

    @Override
    String done(String rollbackId, String step) {
        return step + " is done in its faster way.";
    }
}
