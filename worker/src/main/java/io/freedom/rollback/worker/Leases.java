package io.freedom.rollback.worker;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * What it takes to change a platform: its commands are still this process's, and the orchestrator still hears of the attempt. Both
 * end here before anybody else acts on their end, so a worker that is cut off from Kafka, or stood still, changes nothing once
 * another may.
 */
final class Leases {
    /** What the group's coordinator takes a member for dead after. */
    static final Duration SESSION = Duration.ofSeconds(6);

    private static final Duration MEMBERSHIP = Duration.ofSeconds(5);

    /** The orchestrator takes an attempt for lost that it has not heard of for 10 s. */
    private static final Duration HEARING = Duration.ofSeconds(8);

    private final LongSupplier nanos;
    private final Lease membership;

    /** @param nanos like {@link System#nanoTime} */
    Leases(LongSupplier nanos) {
        this.nanos = nanos;
        membership = new Lease(MEMBERSHIP, nanos);
    }

    /** Of this process in the group that its commands are for. */
    Lease membership() {
        return membership;
    }

    /** Of an attempt: to be renewed by what it reports. */
    Lease hearing() {
        return new Lease(HEARING, nanos);
    }
}
