package io.freedom.rollback.engine;

import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Watches over calls of the engine. A response timeout of the HTTP client would also kill a long exec or copy, so each
 * call has its own limit: of its whole duration, or of silence where data flow. Interrupting a call closes its socket.
 */
final class Calls {
    private static final Duration SHORT = Duration.ofSeconds(30);
    private static final Duration SILENCE = Duration.ofSeconds(90);
    private static final Pattern MESSAGE = Pattern.compile("\"message\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");

    private final URI host;

    Calls(URI host) {
        this.host = host;
    }

    <T extends @Nullable Object> T call(String what, Callable<T> call) throws StepFailure, InterruptedException {
        return call(what, SHORT, call);
    }

    <T extends @Nullable Object> T call(String what, Duration limit, Callable<T> call)
            throws StepFailure, InterruptedException {
        var activity = new Activity();
        return watch(
                what,
                () -> activity.since().compareTo(limit) > 0,
                "did not end within " + words(limit),
                Thread.ofVirtual(),
                call);
    }

    /** For calls that move data: ends them when nothing moved for a while. */
    <T extends @Nullable Object> T stream(String what, Activity activity, Callable<T> call)
            throws StepFailure, InterruptedException {
        return stream(what, activity, SILENCE, call);
    }

    /** @param silence that is no reason to end it */
    <T extends @Nullable Object> T stream(String what, Activity activity, Duration silence, Callable<T> call)
            throws StepFailure, InterruptedException {
        return watch(
                what,
                () -> activity.since().compareTo(silence) > 0,
                "stalled: nothing moved for " + words(silence),
                threads(),
                call);
    }

    /** Data move quicker by a platform thread, which an interrupt frees from a local socket, but not from one of the network. */
    private Thread.Builder threads() {
        return "unix".equals(host.getScheme()) ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
    }

    /** When something last moved. */
    static final class Activity {
        private volatile long at = System.nanoTime();

        void touch() {
            at = System.nanoTime();
        }

        Duration since() {
            return Duration.ofNanos(System.nanoTime() - at);
        }
    }

    private interface Watchdog {
        boolean barks();
    }

    private <T extends @Nullable Object> T watch(
            String what, Watchdog watchdog, String complaint, Thread.Builder threads, Callable<T> call)
            throws StepFailure, InterruptedException {
        var task = new FutureTask<T>(call);
        var thread = threads.start(task);
        try {
            while (true) {
                try {
                    return task.get(1, TimeUnit.SECONDS);
                } catch (TimeoutException e) {
                    if (watchdog.barks()) {
                        throw new StepFailure(
                                FailureKind.OUTAGE,
                                "%s at %s %s: see whether the Docker daemon is overloaded or hangs"
                                        .formatted(what, host, complaint));
                    }
                }
            }
        } catch (ExecutionException e) {
            throw failure(what, e.getCause() == null ? e : e.getCause());
        } finally {
            thread.interrupt();
        }
    }

    StepFailure failure(String what, Throwable thrown) {
        return switch (thrown) {
            case StepFailure f -> f;
            case StepCancelledException c -> throw c;
            // It ended meanwhile, and may be started again.
            case ConflictException e
            when String.valueOf(e.getMessage()).contains("is not running") ->
                new StepFailure(FailureKind.UNAVAILABLE, what + ": " + said(e), e);
            case NotFoundException e -> new StepFailure(FailureKind.PRECONDITION, what + ": " + said(e), e);
            case DockerException e -> new StepFailure(FailureKind.TOOL, what + ": " + said(e), e);
            case RuntimeException e when io(e) != null -> unavailable(what, io(e), e);
            case IOException e -> unavailable(what, e, e);
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new IllegalStateException(what, e);
        };
    }

    private StepFailure unavailable(String what, @Nullable IOException why, Throwable thrown) {
        return new StepFailure(
                FailureKind.OUTAGE,
                "Docker does not answer at %s: is the daemon running? (%s: %s)".formatted(host, what, why),
                thrown);
    }

    private static @Nullable IOException io(Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof IOException e) {
                return e;
            }
        }
        return null;
    }

    private static String said(DockerException e) {
        var text = e.getMessage() == null ? "HTTP status " + e.getHttpStatus() : e.getMessage();
        var matcher = MESSAGE.matcher(text);
        return matcher.find() ? matcher.group(1).replace("\\\"", "\"").replace("\\n", " ") : text.strip();
    }

    private static String words(Duration limit) {
        return limit.toSeconds() + " s";
    }
}
