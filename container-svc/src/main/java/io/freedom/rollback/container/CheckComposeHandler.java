package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.CheckCompose;
import io.freedom.rollback.schemas.action.ComposeChecked;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.util.List;

/** Whether engine and compose file are what the descriptor says, without touching either. */
final class CheckComposeHandler implements StepHandler<CheckCompose> {
    private final EngineProvider engines;

    CheckComposeHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<CheckCompose> action() {
        return CheckCompose.class;
    }

    @Override
    public Completed execute(CheckCompose action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var compose = new Compose(action.getCompose());
        var services = List.copyOf(compose.model().services().keySet());
        var missing = action.getServices().stream()
                .filter(service -> !services.contains(service))
                .toList();
        if (!missing.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "the compose file has no service %s; it has %s: correct the service names in platform.yaml"
                            .formatted(String.join(", ", missing), String.join(", ", services)));
        }
        return new Completed(
                new ComposeChecked(engine.version(), compose.version(), services),
                "engine %s, compose %s, %d services".formatted(engine.version(), compose.version(), services.size()));
    }
}
