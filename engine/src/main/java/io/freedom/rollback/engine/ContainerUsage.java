package io.freedom.rollback.engine;

/**
 * What one container uses of the machine.
 *
 * @param memory bytes, without the page cache that can be dropped
 * @param cpu share of one processor between two samples, percent; 200 is two processors
 * @param processes processes and threads
 */
public record ContainerUsage(long memory, double cpu, long processes) {}
