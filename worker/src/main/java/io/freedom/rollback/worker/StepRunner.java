package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.CancelStep;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.ExtendStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import org.apache.avro.specific.SpecificRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs attempts on virtual threads. Attempts of one step never overlap: a newer one cancels the older, waits for its end
 * and only then begins; one older than the newest known changes nothing.
 */
final class StepRunner {
    private static final Logger LOG = LoggerFactory.getLogger(StepRunner.class);
    /** Steps whose newest attempt is remembered after their end, to refuse stale deliveries. */
    private static final int REMEMBERED = 10_000;

    /** The newest attempt of a step and the end of all that came before. */
    private record Latest(Generation generation, Attempt attempt, CompletableFuture<?> ended) {}

    private interface Work {
        StepDone of(Attempt attempt) throws StepFailure, InterruptedException;
    }

    private final Map<Class<?>, StepHandler<?>> handlers = new HashMap<>();
    private final StepEvents events;
    private final Secrets secrets;
    private final InstantSource clock;
    private final Semaphore permits;
    private final Map<StepKey, Latest> latest = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<StepKey, Latest> eldest) {
            return size() > REMEMBERED && eldest.getValue().ended().isDone();
        }
    };
    private final ThreadFactory threads;
    /** In the order in which they began. */
    private final List<Attempt> running = new CopyOnWriteArrayList<>();

    StepRunner(
            List<StepHandler<?>> handlers,
            StepEvents events,
            Secrets secrets,
            InstantSource clock,
            int concurrentSteps) {
        this(
                handlers,
                events,
                secrets,
                clock,
                concurrentSteps,
                Thread.ofVirtual().factory());
    }

    /** @param threads one for each attempt */
    StepRunner(
            List<? extends StepHandler<?>> handlers,
            StepEvents events,
            Secrets secrets,
            InstantSource clock,
            int concurrentSteps,
            ThreadFactory threads) {
        handlers.forEach(handler -> this.handlers.put(handler.action(), handler));
        this.events = events;
        this.secrets = secrets;
        this.clock = clock;
        this.permits = new Semaphore(concurrentSteps);
        this.threads = threads;
    }

    /** Takes a command; the future ends when its outcome is published, or never will be because another owner does it. */
    CompletableFuture<?> submit(StepCommand command) {
        return switch (command.getCommand()) {
            case ExecuteStep execute -> execute(command, execute, this::carryOut);
            case CancelStep cancel -> cancel(command, cancel);
            case ExtendStep extend -> extend(command, extend);
            default ->
                throw new IllegalArgumentException(
                        "unknown command " + command.getCommand().getClass());
        };
    }

    /** Takes a command that holds an unknown record: its step fails with that reason and nothing else is done. */
    CompletableFuture<?> refuse(StepCommand command, ExecuteStep execute, String unknown) {
        var what = execute.getAction().getAction() instanceof SpecificRecord ? "what the action needs" : "the action";
        return execute(command, execute, _ -> {
            throw new StepFailure(
                    FailureKind.INVALID,
                    "this worker does not know " + what + " " + unknown
                            + ": it is older than the orchestrator; upgrade it");
        });
    }

    /** Stops attempts whose commands now go to another process; says nothing about them. */
    void relinquish(List<Attempt> attempts) {
        attempts.forEach(attempt -> attempt.cancel(Attempt.RELINQUISHED));
    }

    /** Attempts that run or wait to. */
    synchronized List<Attempt> unfinished() {
        return latest.values().stream()
                .filter(known -> !known.ended().isDone())
                .map(Latest::attempt)
                .toList();
    }

    List<Attempt> running() {
        return List.copyOf(running);
    }

    private synchronized CompletableFuture<?> execute(StepCommand command, ExecuteStep execute, Work work) {
        var key = StepKey.of(command);
        var generation = Generation.of(command);
        var before = latest.get(key);
        if (before != null && generation.compareTo(before.generation()) < 0) {
            return CompletableFuture.completedFuture(null); // stale: its result would be fenced off anyway
        }
        if (before != null
                && generation.equals(before.generation())
                && !before.ended().isDone()
                && !before.attempt().relinquished()) {
            return before.ended(); // the same command delivered twice while it runs
        }
        if (before != null) {
            before.attempt().cancel("superseded by attempt " + command.getAttempt());
        }
        var attempt = new Attempt(command, execute, secrets, clock);
        var ended = new CompletableFuture<Void>();
        latest.remove(key); // so that the newest is the last to be forgotten
        latest.put(key, new Latest(generation, attempt, ended));
        var predecessor = before == null ? CompletableFuture.completedFuture(null) : before.ended();
        var thread = threads.newThread(() -> {
            try {
                predecessor.handle((_, _) -> null).join();
                run(attempt, work);
                ended.complete(null);
            } catch (RuntimeException | Error e) {
                // Its outcome is not published, so its offset must not be committed.
                ended.completeExceptionally(e);
            }
        });
        thread.setName(command.getStepId() + "#" + command.getAttempt());
        thread.start();
        return ended;
    }

    private synchronized CompletableFuture<?> cancel(StepCommand command, CancelStep cancel) {
        var known = latest.get(StepKey.of(command));
        if (known == null || known.ended().isDone()) {
            // Not here, or over: nothing will change any more, which is all that a cancellation asks for.
            return publish(command, new StepCancelled(cancel.getReason()));
        }
        if (known.generation().compareTo(Generation.of(command)) <= 0) {
            known.attempt().cancel(cancel.getReason());
        }
        return known.ended();
    }

    /** What is not here or over needs no more time; a newer attempt has a deadline of its own. */
    private synchronized CompletableFuture<?> extend(StepCommand command, ExtendStep extend) {
        var known = latest.get(StepKey.of(command));
        if (known != null && known.generation().equals(Generation.of(command))) {
            known.attempt().extend(extend.getDeadline());
        }
        return CompletableFuture.completedFuture(null);
    }

    private void run(Attempt attempt, Work work) {
        boolean permitted = false;
        attempt.begin();
        try {
            permits.acquire();
            permitted = true;
            attempt.checkpoint();
            running.add(attempt);
            publish(attempt.command(), new StepAccepted());
            var done = work.of(attempt);
            attempt.end();
            publish(attempt.command(), done).join();
        } catch (StepCancelledException | InterruptedException e) {
            attempt.end();
            cancelled(attempt, e);
        } catch (StepFailure e) {
            attempt.end();
            // A tool that was interrupted reports a failure of its own; the cancellation is the truth.
            if (attempt.cancellation() != null) {
                cancelled(attempt, e);
            } else {
                publish(attempt.command(), new StepError(e.kind(), e.text())).join();
            }
        } catch (RuntimeException | Error e) {
            attempt.end();
            if (attempt.cancellation() != null) {
                cancelled(attempt, e);
            } else {
                LOG.error("{} of {} failed unexpectedly", attempt.stepId(), attempt.rollbackId(), e);
                publish(attempt.command(), new StepError(FailureKind.INTERNAL, "defect in the worker: " + e))
                        .join();
            }
        } finally {
            running.remove(attempt);
            if (permitted) {
                permits.release();
            }
        }
    }

    private void cancelled(Attempt attempt, Throwable cause) {
        var reason = attempt.cancellation();
        LOG.info("{} of {} stopped: {}", attempt.stepId(), attempt.rollbackId(), reason == null ? cause : reason);
        if (reason == null) {
            publish(
                            attempt.command(),
                            new StepError(
                                    FailureKind.UNAVAILABLE,
                                    "did not finish in time: " + String.valueOf(cause.getMessage())))
                    .join();
        } else if (!attempt.relinquished()) {
            publish(attempt.command(), new StepCancelled(reason)).join();
        }
    }

    private StepDone carryOut(Attempt attempt) throws StepFailure, InterruptedException {
        var action = attempt.action();
        var handler = handlers.get(action.getClass());
        if (handler == null) {
            throw new StepFailure(
                    FailureKind.INVALID,
                    "this worker does not know the action " + action.getClass().getSimpleName()
                            + ": is it older than the orchestrator? Then upgrade it");
        }
        return carryOut(handler, action, attempt);
    }

    private static <A extends SpecificRecord> StepDone carryOut(
            StepHandler<A> handler, SpecificRecord record, Attempt attempt) throws StepFailure, InterruptedException {
        var action = handler.action().cast(record);
        return switch (handler.probe(action, attempt)) {
            case Probe.Applied(var completed) -> done(completed, true);
            case Probe.NotApplied _, Probe.Unknown _ -> done(handler.execute(action, attempt), false);
        };
    }

    private static StepDone done(Completed completed, boolean alreadyApplied) {
        return new StepDone(new StepResult(completed.result()), completed.detail(), alreadyApplied);
    }

    private CompletableFuture<?> publish(StepCommand command, SpecificRecord event) {
        return events.publish(command, event);
    }
}
