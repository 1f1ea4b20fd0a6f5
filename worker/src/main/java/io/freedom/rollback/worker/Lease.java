package io.freedom.rollback.worker;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * What this process may count on for a while, since a broker has confirmed it. Counted from before the broker was asked, on a
 * clock that nobody sets, so that it is over here before others take it for over.
 */
final class Lease {
    private final long length;
    private final LongSupplier nanos;
    private boolean granted;
    private long from;
    private CompletableFuture<Void> renewal = new CompletableFuture<>();

    /** @param nanos like {@link System#nanoTime} */
    Lease(Duration length, LongSupplier nanos) {
        this.length = length.toNanos();
        this.nanos = nanos;
    }

    /** @return to be given to {@link #renew} with the broker's answer */
    long ask() {
        return nanos.getAsLong();
    }

    /** @param asked when the broker was asked that has confirmed it */
    void renew(long asked) {
        CompletableFuture<Void> renewed;
        synchronized (this) {
            if (granted && asked - from < 0) {
                return; // answers may overtake each other
            }
            granted = true;
            from = asked;
            renewed = renewal;
            renewal = new CompletableFuture<>();
        }
        renewed.complete(null);
    }

    synchronized boolean holds() {
        return granted && nanos.getAsLong() - from < length;
    }

    /** It has held, and holds no more. */
    synchronized boolean lapsed() {
        return granted && !holds();
    }

    /** How old its confirmation is, nanoseconds; the longest there is where it never had one. */
    synchronized long age() {
        return granted ? nanos.getAsLong() - from : Long.MAX_VALUE;
    }

    /** Waits until it holds; false where that ends first. */
    boolean awaitUnless(CompletableFuture<Void> end) {
        while (!end.isDone()) {
            var next = renewal();
            if (holds()) {
                return true;
            }
            CompletableFuture.anyOf(next, end).join();
        }
        return false;
    }

    /** Ends when it is renewed next. */
    synchronized CompletableFuture<Void> renewal() {
        return renewal;
    }
}
