package io.freedom.rollback.orchestrator.streams;

import org.apache.avro.specific.SpecificRecord;

/** A record and the topic it goes to. */
record Outbound(String topic, SpecificRecord value) {}
