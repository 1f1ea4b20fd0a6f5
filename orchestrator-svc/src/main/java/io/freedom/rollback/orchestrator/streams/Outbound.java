package io.freedom.rollback.orchestrator.streams;

import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * A record and the topic it goes to.
 *
 * @param value null where what a compacted topic has under that key is to go
 */
record Outbound(String topic, @Nullable SpecificRecord value) {}
