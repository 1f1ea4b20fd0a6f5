package io.freedom.rollback.orchestrator.simulation;

import java.lang.reflect.Constructor;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;

/**
 * Virtual threads that run on the thread of the simulation, one at a time and in an order that the seed decides. The JDK has such a
 * scheduler, and opens it to its own tests only: hence {@code --add-opens java.base/java.lang=ALL-UNNAMED}.
 */
final class Fibers {
    private static final Constructor<?> BUILDER = builder();

    private Fibers() {}

    /** @param scheduler runs what a thread does until it waits for something */
    static ThreadFactory on(Executor scheduler) {
        try {
            return ((Thread.Builder.OfVirtual) BUILDER.newInstance(scheduler)).factory();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Constructor<?> builder() {
        try {
            var found = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
                    .getDeclaredConstructor(Executor.class);
            found.setAccessible(true);
            return found;
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new IllegalStateException(
                    "run this with --add-opens java.base/java.lang=ALL-UNNAMED, on the JDK that the build uses", e);
        }
    }
}
