package io.freedom.rollback.health;

import io.freedom.rollback.schemas.action.HttpProbe;
import io.freedom.rollback.schemas.action.ProbeOutcome;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Sends probes side by side; patient ones again and again until they hold or the step's time is nearly over. */
final class HttpProber implements AutoCloseable {
    private static final Duration PER_TRY = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(250);

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    private sealed interface Verdict {
        record Held(ProbeOutcome outcome) implements Verdict {}

        record Failed(String message, boolean cutShort) implements Verdict {}
    }

    /** Outcomes in the order of the probes. */
    List<ProbeOutcome> run(List<HttpProbe> probes, StepContext step) throws StepFailure, InterruptedException {
        var holding = new AtomicInteger();
        var patience = Patience.until(step.deadline());
        var tasks = new ArrayList<Callable<Verdict>>();
        for (var probe : probes) {
            var expectation = Expectation.of(probe, step.secrets());
            tasks.add(() -> {
                var verdict = settle(expectation, patience, step);
                if (verdict instanceof Verdict.Held) {
                    step.progress(holding.incrementAndGet(), probes.size(), "probes", expectation.name() + " holds");
                }
                return verdict;
            });
        }
        var outcomes = new ArrayList<ProbeOutcome>();
        var failures = new ArrayList<String>();
        for (var verdict : sideBySide(tasks)) {
            switch (verdict) {
                case Verdict.Held held -> outcomes.add(held.outcome());
                case Verdict.Failed failed -> failures.add(failed.message());
            }
        }
        if (!failures.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    probes.size() == 1
                            ? failures.getFirst() + ". Look at the logs of the service behind it"
                            : failures.size() + " of " + probes.size() + " probes fail: " + String.join("; ", failures)
                                    + ". Look at the logs of the services behind them");
        }
        return outcomes;
    }

    private static List<Verdict> sideBySide(List<Callable<Verdict>> tasks) throws InterruptedException {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var verdicts = new ArrayList<Verdict>();
            for (var done : threads.invokeAll(tasks)) {
                verdicts.add(done.get());
            }
            return verdicts;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException bug) {
                throw bug;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private Verdict settle(Expectation expectation, Patience patience, StepContext step) throws InterruptedException {
        @Nullable Verdict last = null;
        while (true) {
            step.stillWanted();
            var verdict = attempt(expectation, patience.left());
            // A try that had less than its time says less than the one before.
            if (!(verdict instanceof Verdict.Failed(String message, boolean cutShort) && cutShort && last != null)) {
                last = verdict;
            }
            if (last instanceof Verdict.Held
                    || !expectation.isPatient()
                    || patience.left().compareTo(PAUSE) <= 0) {
                return last;
            }
            Thread.sleep(PAUSE);
        }
    }

    private Verdict attempt(Expectation expectation, Duration left) throws InterruptedException {
        long began = System.nanoTime();
        boolean cutShort = left.compareTo(PER_TRY) < 0;
        var limit = cutShort ? left : PER_TRY;
        // Awaited from outside: a request's own timeout ends with the headers, and a body may drip for ever.
        var exchange = client.sendAsync(expectation.request(), info -> new BoundedBody());
        try {
            var response = exchange.get(Math.max(1, limit.toMillis()), TimeUnit.MILLISECONDS);
            long took = Duration.ofNanos(System.nanoTime() - began).toMillis();
            return expectation
                    .objection(response.statusCode(), response.body())
                    .<Verdict>map(objection -> new Verdict.Failed(objection, false))
                    .orElseGet(() -> new Verdict.Held(new ProbeOutcome(
                            expectation.name(), response.statusCode(), took, expectation.sample(response.body()))));
        } catch (TimeoutException e) {
            return new Verdict.Failed(
                    expectation.failure("does not answer within " + limit.toMillis() + " ms"), cutShort);
        } catch (ExecutionException e) {
            return new Verdict.Failed(expectation.failure(reason(e.getCause())), false);
        } finally {
            exchange.cancel(true);
        }
    }

    private static String reason(@Nullable Throwable cause) {
        if (cause instanceof ConnectException) {
            return cause.getCause() instanceof UnresolvedAddressException
                    ? "does not answer (the host name is unknown on the worker's machine)"
                    : "does not answer (connection refused)";
        }
        return "gives no valid answer (" + cause + ")";
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
