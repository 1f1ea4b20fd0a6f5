package io.freedom.rollback.ctl.topics;

import java.time.Instant;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * One readable record.
 *
 * @param value null where what the key names was removed
 */
public record Received(
        String topic,
        int partition,
        long offset,
        Instant at,
        @Nullable String key,
        @Nullable SpecificRecord value) {}
