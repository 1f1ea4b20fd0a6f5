package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.notices.Notice;
import io.freedom.rollback.schemas.step.StepCommand;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of something that is looked after.
 *
 * @param kept of it from now on; null where it has ended
 * @param facts for the history
 * @param notice for people; null for none
 * @param look that a worker is asked for; null for none
 */
public record Change<S>(
        @Nullable S kept,
        List<SpecificRecord> facts,
        @Nullable Notice notice,
        @Nullable StepCommand look) {
    public Change {
        facts = List.copyOf(facts);
    }

    Change(@Nullable S kept, List<SpecificRecord> facts) {
        this(kept, facts, null, null);
    }
}
