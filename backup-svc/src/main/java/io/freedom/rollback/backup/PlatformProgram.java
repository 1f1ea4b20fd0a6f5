package io.freedom.rollback.backup;

import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A program of the platform's own, run in its work tree without a shell. */
final class PlatformProgram {
    private PlatformProgram() {}

    /** Returns the last line that it printed; empty for none. Whatever it needs more than the step's time is cut off. */
    static String run(String workTree, List<String> command, Path file, StepContext step)
            throws StepFailure, InterruptedException {
        step.checkpoint();
        var argv = new ArrayList<>(command);
        argv.add(file.toString());
        step.progress(0, 0, "", String.join(" ", argv));
        return Command.in(Path.of(workTree), argv)
                .timeout(Duration.between(Instant.now(), step.deadline()))
                .check()
                .stdout()
                .lines()
                .filter(line -> !line.isBlank())
                .reduce("", (_, last) -> last)
                .strip();
    }
}
