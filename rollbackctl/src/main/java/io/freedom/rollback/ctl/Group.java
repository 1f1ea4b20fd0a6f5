package io.freedom.rollback.ctl;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that is only there for its subcommands. */
abstract class Group implements Runnable {
    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        var line = Objects.requireNonNull(spec).commandLine();
        throw new ParameterException(
                line, "which? " + String.join(", ", line.getSubcommands().keySet()));
    }
}
