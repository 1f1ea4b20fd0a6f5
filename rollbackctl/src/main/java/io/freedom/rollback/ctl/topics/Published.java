package io.freedom.rollback.ctl.topics;

/** Where a record was written. */
public record Published(String topic, int partition, long offset) {}
