package io.freedom.rollback.container;

import io.freedom.rollback.worker.StepFailure;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Does the same with many containers at once; stopping five takes as long as the slowest, not the sum. */
final class InParallel {
    private InParallel() {}

    interface Work<T, R> {
        R on(T item) throws StepFailure, InterruptedException;
    }

    interface Act<T> {
        void on(T item) throws StepFailure, InterruptedException;
    }

    static <T> void each(Collection<T> items, Act<T> act) throws StepFailure, InterruptedException {
        map(items, item -> {
            act.on(item);
            return Boolean.TRUE;
        });
    }

    /** Results in the order of {@code items}. All run to their end before the first failure is thrown. */
    static <T, R> List<R> map(Collection<T> items, Work<T, R> work) throws StepFailure, InterruptedException {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var futures = new ArrayList<Future<R>>();
            for (var item : items) {
                futures.add(executor.submit(() -> work.on(item)));
            }
            try {
                return collect(futures);
            } catch (InterruptedException e) {
                executor.shutdownNow();
                throw e;
            }
        }
    }

    private static <R> List<R> collect(List<Future<R>> futures) throws StepFailure, InterruptedException {
        var results = new ArrayList<R>();
        Throwable first = null;
        for (var future : futures) {
            try {
                results.add(future.get());
            } catch (ExecutionException e) {
                first = first == null ? e.getCause() : first;
            }
        }
        rethrow(first);
        return results;
    }

    private static void rethrow(@Nullable Throwable thrown) throws StepFailure, InterruptedException {
        switch (thrown) {
            case null -> {}
            case StepFailure e -> throw e;
            case InterruptedException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new IllegalStateException(e);
        }
    }
}
