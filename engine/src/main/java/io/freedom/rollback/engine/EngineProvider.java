package io.freedom.rollback.engine;

import io.freedom.rollback.worker.StepFailure;
import java.net.URI;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The process's one connection to Docker, made when first needed. Docker may be stopped, upgraded and started again
 * under us: each step asks here, and fails with OUTAGE until the engine is back.
 */
public final class EngineProvider implements AutoCloseable {
    private final @Nullable URI host;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Engine engine;

    /** For DOCKER_HOST, or the default socket of this machine. Does not connect yet. */
    public EngineProvider() {
        this(null);
    }

    public EngineProvider(@Nullable URI host) {
        this.host = host;
    }

    /** The engine, which answered just now. Do not close it. */
    public Engine engine() throws StepFailure, InterruptedException {
        lock.lockInterruptibly();
        try {
            var known = engine;
            if (known != null) {
                try {
                    known.ping();
                    return known;
                } catch (StepFailure e) {
                    // Gone, or upgraded to an API that refuses the old version.
                    close();
                }
            }
            var fresh = host == null ? Engine.connect() : Engine.connect(host);
            engine = fresh;
            return fresh;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (engine != null) {
                engine.close();
                engine = null;
            }
        } finally {
            lock.unlock();
        }
    }
}
