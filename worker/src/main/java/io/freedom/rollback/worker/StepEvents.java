package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import org.apache.avro.specific.SpecificRecord;

/** Publishes what becomes of an attempt. */
final class StepEvents {
    /** Where events go: Kafka, or a recorder in tests. */
    interface Outlet {
        CompletableFuture<?> publish(StepEvent event);
    }

    private final String workerId;
    private final InstantSource clock;
    private final Outlet outlet;

    StepEvents(String workerId, InstantSource clock, Outlet outlet) {
        this.workerId = workerId;
        this.clock = clock;
        this.outlet = outlet;
    }

    CompletableFuture<?> publish(StepCommand command, SpecificRecord event) {
        return outlet.publish(StepEvent.newBuilder()
                .setPlatform(command.getPlatform())
                .setRollbackId(command.getRollbackId())
                .setStepId(command.getStepId())
                .setAttempt(command.getAttempt())
                .setCompensation(command.getCompensation())
                .setWorkerId(workerId)
                .setAt(clock.instant())
                .setEvent(event)
                .build());
    }
}
