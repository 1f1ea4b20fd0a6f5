package io.freedom.rollback.worker;

import org.apache.avro.specific.SpecificRecord;

/**
 * Success of a step.
 *
 * @param result one of the result records of {@code actions.avdl}
 * @param detail one line for a human, e.g. {@code "3 tables, 4,210 rows as before"}
 */
public record Completed(SpecificRecord result, String detail) {}
