package io.freedom.rollback.orchestrator.simulation;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;

/** One process on one machine, from its start to its death: its clock may be wrong, and it may stand still for a while. */
final class Machine implements InstantSource {
    final String name;
    private final VirtualTime time;
    private final Clock clock;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean alive = true;
    private boolean frozen;

    /** The machine's clock outlives the process. */
    static final class Clock {
        /** Milliseconds ahead of the true time. */
        long ahead;
    }

    Machine(String name, VirtualTime time, Clock clock) {
        this.name = name;
        this.time = time;
        this.clock = clock;
    }

    @Override
    public Instant instant() {
        return VirtualTime.BEGIN.plusMillis(time.now() + clock.ahead);
    }

    ThreadFactory threads() {
        // Where a thread goes on, whatever woke it is done first.
        return Fibers.on(task -> in(0, task));
    }

    /** This process does something later, if it lives then; when it is frozen, after that. */
    void in(long delay, Runnable what) {
        time.in(delay, () -> run(what));
    }

    void run(Runnable what) {
        if (!alive) {
            return;
        }
        if (frozen) {
            waiting.add(what);
        } else {
            what.run();
        }
    }

    boolean alive() {
        return alive;
    }

    boolean frozen() {
        return frozen;
    }

    void die() {
        alive = false;
        waiting.clear();
    }

    void freeze() {
        frozen = true;
    }

    void thaw() {
        frozen = false;
        while (!waiting.isEmpty() && alive) {
            waiting.remove().run();
        }
    }

    /** Lets the calling thread of this process wait, as work does. */
    void sleep(long millis) throws InterruptedException {
        var thread = Thread.currentThread();
        var over = new boolean[1];
        in(millis, () -> {
            over[0] = true;
            LockSupport.unpark(thread);
        });
        while (!over[0]) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            LockSupport.park();
        }
    }
}
