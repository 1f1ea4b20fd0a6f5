package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A private folder inside a container, for what is copied in or out. */
final class ContainerFolder {
    private static final Duration BRIEF = Duration.ofMinutes(2);
    private static final List<String> CANDIDATES = List.of("/tmp", "/var/tmp", "/var/lib/postgresql");
    /** None of them could be written to. */
    private static final int NONE = 3;

    /**
     * Of the prefix, the name, and the candidates. At once, since each program that is run in a container takes a tenth of a second. The
     * engine copies neither into nor out of what is in memory: it reports that there is no such file.
     */
    private static final String CREATE = """
            prefix=$1 name=$2; shift 2
            for parent; do
              case $(stat -f -c %T "$parent" 2>/dev/null) in ''|tmpfs|ramfs) continue ;; esac
              find "$parent" -maxdepth 1 -name "$prefix-*" -exec rm -rf {} + || exit 1
              mkdir -m 700 "$parent/$name" 2>/dev/null && echo "$parent/$name" && { nproc 2>/dev/null || echo 2; } && exit 0
            done
            exit 3""";

    private ContainerFolder() {}

    /**
     * What was made.
     *
     * @param processors of the container
     */
    record Made(String path, int processors) {}

    /** Makes the folder, after removing those that killed attempts left. */
    static Made create(Engine engine, String container, String prefix) throws StepFailure, InterruptedException {
        var argv = new ArrayList<>(List.of("sh", "-c", CREATE, "sh", prefix, prefix + "-" + UUID.randomUUID()));
        argv.addAll(CANDIDATES);
        var result = engine.exec(container, argv, Map.of(), BRIEF);
        if (result.succeeded()) {
            var lines = result.stdout().strip().lines().toList();
            return new Made(lines.getFirst(), Integer.parseInt(lines.getLast().strip()));
        }
        throw result.exitCode() == NONE
                ? new StepFailure(
                        FailureKind.PRECONDITION,
                        "no folder in the database container can take the dump (tried " + String.join(", ", CANDIDATES)
                                + "): make one of them writable, and no tmpfs")
                : PostgresTools.failure("sh", result);
    }

    static void remove(Engine engine, String container, String folder) throws StepFailure, InterruptedException {
        var result = engine.exec(container, List.of("rm", "-rf", folder), Map.of(), BRIEF);
        if (!result.succeeded()) {
            throw new StepFailure(
                    FailureKind.TOOL,
                    "cannot remove " + folder + ": " + result.stderr().strip());
        }
    }
}
