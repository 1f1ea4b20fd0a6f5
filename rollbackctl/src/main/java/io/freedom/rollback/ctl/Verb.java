package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.Rollbackctl.Output;
import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.ctl.view.Style;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** One command: has the general options, and a connection while it runs. */
abstract class Verb implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    /** Returns the exit code. */
    abstract int run(ControlPlane plane);

    @Override
    public Integer call() {
        TrustedSchemas.trust(); // records are built before the serdes, which do it themselves, come into play
        try (var plane = surroundings().connect().apply(root().connection())) {
            return run(plane);
        }
    }

    final Rollbackctl root() {
        return (Rollbackctl) Objects.requireNonNull(spec).root().userObject();
    }

    final Surroundings surroundings() {
        return root().surroundings();
    }

    final PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }

    final PrintWriter err() {
        return Objects.requireNonNull(spec).commandLine().getErr();
    }

    final boolean json() {
        return root().output() == Output.json;
    }

    final Style style() {
        return surroundings().terminal().colours() ? Style.COLOURED : Style.PLAIN;
    }

    final ZoneId zone() {
        return surroundings().zone();
    }

    final Instant now() {
        return surroundings().clock().instant();
    }

    final Duration timeout() {
        return root().timeout();
    }

    /** The lines, or the records they were made of. */
    final int print(List<?> records, List<String> lines) {
        (json() ? records.stream().map(Json::of).toList() : lines).forEach(out()::println);
        return ExitCode.OK;
    }

    final OperatorRequest request(ControlPlane plane) {
        return new OperatorRequest(
                plane, root().operator(), timeout(), surroundings().clock());
    }

    static String required(String value, String option) {
        if (value.isBlank()) {
            throw Failure.usage(option + " must not be empty");
        }
        return value;
    }
}
