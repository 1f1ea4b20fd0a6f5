package io.freedom.rollback.ctl.topics;

import java.time.Instant;
import org.apache.avro.specific.SpecificRecord;

/** One readable record. */
public record Received(String topic, int partition, long offset, Instant at, SpecificRecord value) {}
