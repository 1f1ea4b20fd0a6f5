package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.ComposeModel;
import io.freedom.rollback.engine.ComposeService;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** How `compose up` is called. */
final class Up {
    private Up() {}

    /** Never builds; pulls only what is not here, whatever the compose file's pull policy: registries fail too. */
    static List<String> arguments(Compose compose, String mode) {
        var arguments = new ArrayList<>(List.of("up", mode, "--no-build", "--remove-orphans"));
        if (!compose.isLegacy()) {
            arguments.addAll(List.of("--pull", "missing"));
        }
        return arguments;
    }

    /** The wanted services that are to have containers; all when {@code wanted} is empty. */
    static Set<String> services(ComposeModel model, List<String> wanted) throws StepFailure {
        var unknown = new TreeSet<>(wanted);
        unknown.removeAll(model.services().keySet());
        if (!unknown.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the compose file defines no service %s, only %s: correct platform.yaml"
                            .formatted(unknown, new TreeSet<>(model.services().keySet())));
        }
        return model.services().values().stream()
                .filter(s -> s.replicas() > 0 && (wanted.isEmpty() || wanted.contains(s.name())))
                .map(ComposeService::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
