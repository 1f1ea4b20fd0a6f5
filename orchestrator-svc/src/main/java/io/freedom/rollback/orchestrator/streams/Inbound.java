package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.schemas.state.ReportedIncident;
import org.jspecify.annotations.Nullable;

/** What reaches a platform's task. */
sealed interface Inbound {
    record Reported(ReportedIncident report) implements Inbound {}

    /** An operator's command, not yet decoded. */
    record FromOperator(byte @Nullable [] value) implements Inbound {}

    /** A worker's event, not yet decoded. */
    record FromWorker(byte @Nullable [] value) implements Inbound {}
}
