package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** A private folder inside a container, for what is copied in or out. */
final class ContainerFolder {
    private static final Duration BRIEF = Duration.ofMinutes(2);
    private static final List<String> CANDIDATES = List.of("/tmp", "/var/tmp", "/var/lib/postgresql");
    /** The engine copies neither into nor out of these: it reports that there is no such file. */
    private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs");

    private ContainerFolder() {}

    /** Makes the folder, after removing those that killed attempts left. */
    static String create(Engine engine, String container, String prefix) throws StepFailure, InterruptedException {
        for (var parent : CANDIDATES) {
            var type = engine.exec(container, List.of("stat", "-f", "-c", "%T", parent), Map.of(), BRIEF);
            if (!type.succeeded() || IN_MEMORY.contains(type.stdout().strip())) {
                continue;
            }
            remove(engine, container, parent, prefix + "-*");
            var folder = parent + "/" + prefix + "-" + UUID.randomUUID();
            if (engine.exec(container, List.of("mkdir", "-m", "700", folder), Map.of(), BRIEF)
                    .succeeded()) {
                return folder;
            }
        }
        throw new StepFailure(
                FailureKind.PRECONDITION,
                "no folder in the database container can take the dump (tried " + String.join(", ", CANDIDATES)
                        + "): make one of them writable, and no tmpfs");
    }

    static void remove(Engine engine, String container, String folder) throws StepFailure, InterruptedException {
        int slash = folder.lastIndexOf('/');
        remove(engine, container, folder.substring(0, slash), folder.substring(slash + 1));
    }

    private static void remove(Engine engine, String container, String parent, String pattern)
            throws StepFailure, InterruptedException {
        var argv = List.of("find", parent, "-maxdepth", "1", "-name", pattern, "-exec", "rm", "-rf", "{}", "+");
        var result = engine.exec(container, argv, Map.of(), BRIEF);
        if (!result.succeeded()) {
            throw new StepFailure(
                    FailureKind.TOOL,
                    "cannot remove " + parent + "/" + pattern + ": "
                            + result.stderr().strip());
        }
    }
}
