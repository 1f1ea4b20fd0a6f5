package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A long tool run beside the step's own thread, which meanwhile reports how far it is. Closing ends it. */
final class Background<T> implements AutoCloseable {
    private static final long POLL_SECONDS = 2;

    private final FutureTask<T> task;
    private final Thread thread;

    private Background(Callable<T> work) {
        task = new FutureTask<>(work);
        thread = Thread.ofVirtual().start(task);
    }

    static <T> Background<T> start(Callable<T> work) {
        return new Background<>(work);
    }

    interface Poll {
        void run() throws StepFailure, InterruptedException;
    }

    boolean isOver() {
        return task.isDone();
    }

    /** Waits for the end, calling {@code poll} every 2 s. */
    T await(Poll poll) throws StepFailure, InterruptedException {
        while (true) {
            try {
                return task.get(POLL_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                poll.run();
            } catch (ExecutionException e) {
                throw thrown(e);
            }
        }
    }

    private static RuntimeException thrown(ExecutionException e) throws StepFailure, InterruptedException {
        return switch (e.getCause()) {
            case StepFailure failure -> throw failure;
            case StepCancelledException cancelled -> throw cancelled;
            case InterruptedException interrupted -> throw interrupted;
            case RuntimeException defect -> throw defect;
            case Error defect -> throw defect;
            case null -> new IllegalStateException(e);
            case Throwable other -> new IllegalStateException(other);
        };
    }

    /** The tool is ended inside its container before this returns. */
    @Override
    public void close() {
        if (task.isDone()) {
            return;
        }
        thread.interrupt();
        boolean interrupted = Thread.interrupted();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(20));
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
