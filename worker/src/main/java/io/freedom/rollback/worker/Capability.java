package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.Worker;
import java.util.List;

/** One worker: the topic it listens to and the actions it can carry out. A service contributes one as a Spring bean. */
public record Capability(Worker worker, List<StepHandler<?>> handlers) {
    public Capability {
        handlers = List.copyOf(handlers);
    }
}
