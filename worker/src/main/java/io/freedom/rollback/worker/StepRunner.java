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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;
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

    private static final String HANDED_BACK = "another worker process had it, and may have begun it";

    /**
     * The newest attempt of a step and the end of all that came before.
     *
     * @param attempt null once it has ended: what it was told may be large
     */
    private record Latest(Generation generation, @Nullable Attempt attempt, CompletableFuture<?> ended) {
        void cancel(String reason) {
            if (attempt != null) {
                attempt.cancel(reason);
            }
        }

        boolean isRelinquished() {
            return attempt != null && attempt.relinquished();
        }
    }

    private interface Work {
        StepDone of(Attempt attempt) throws StepFailure, InterruptedException;
    }

    private final Map<Class<?>, StepHandler<?>> handlers = new HashMap<>();
    private final StepEvents events;
    private final Secrets secrets;
    private final InstantSource clock;
    private final Leases leases;
    private final Semaphore permits;
    private final Map<StepKey, Latest> latest = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<StepKey, Latest> eldest) {
            return size() > REMEMBERED && eldest.getValue().ended().isDone();
        }
    };
    private final ThreadFactory threads;
    /** Ends when anything is relinquished. */
    private volatile CompletableFuture<Void> relinquishment = new CompletableFuture<>();

    private final AtomicInteger unsaid = new AtomicInteger();
    /** In the order in which they began. */
    private final List<Attempt> running = new CopyOnWriteArrayList<>();

    StepRunner(
            List<StepHandler<?>> handlers,
            StepEvents events,
            Secrets secrets,
            InstantSource clock,
            Leases leases,
            int concurrentSteps) {
        this(
                handlers,
                events,
                secrets,
                clock,
                leases,
                concurrentSteps,
                Thread.ofVirtual().factory());
    }

    /** @param threads one for each attempt */
    StepRunner(
            List<? extends StepHandler<?>> handlers,
            StepEvents events,
            Secrets secrets,
            InstantSource clock,
            Leases leases,
            int concurrentSteps,
            ThreadFactory threads) {
        handlers.forEach(handler -> this.handlers.put(handler.action(), handler));
        this.events = events;
        this.secrets = secrets;
        this.clock = clock;
        this.leases = leases;
        this.permits = new Semaphore(concurrentSteps, true);
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

    /**
     * Takes a command that another process may have begun, and may have carried out: whoever sent it knows what became of it,
     * and sends it anew where it is still wanted. Only so has each attempt one process that carries it out.
     */
    synchronized CompletableFuture<?> handBack(StepCommand command) {
        var known = latest.get(StepKey.of(command));
        if (known != null && known.generation().compareTo(Generation.of(command)) > 0) {
            return CompletableFuture.completedFuture(null);
        }
        if (known == null || known.ended().isDone()) {
            return sayBeside(command, new StepCancelled(HANDED_BACK));
        }
        known.cancel(HANDED_BACK);
        return known.ended()
                .handle((_, _) -> sayBeside(command, new StepCancelled(HANDED_BACK)))
                .thenCompose(said -> said);
    }

    /** Stops attempts whose commands now go to another process; says nothing about them. Returns when they have ended. */
    synchronized CompletableFuture<?> relinquish(List<Attempt> attempts) {
        attempts.forEach(Attempt::relinquish);
        relinquishment.complete(null);
        relinquishment = new CompletableFuture<>();
        return CompletableFuture.allOf(latest.values().stream()
                .filter(known -> known.attempt() != null && attempts.contains(known.attempt()))
                .map(Latest::ended)
                .toArray(CompletableFuture<?>[]::new));
    }

    /** Attempts that run or wait to. */
    synchronized List<Attempt> unfinished() {
        return latest.values().stream()
                .filter(known -> !known.ended().isDone())
                .flatMap(known -> Stream.ofNullable(known.attempt()))
                .toList();
    }

    synchronized boolean isBusy() {
        return unsaid.get() > 0
                || latest.values().stream().anyMatch(known -> !known.ended().isDone());
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
                && !before.isRelinquished()) {
            return before.ended(); // the same command delivered twice while it runs
        }
        if (before != null) {
            before.cancel("superseded by attempt " + command.getAttempt());
        }
        var attempt = new Attempt(command, execute, secrets, clock, events, leases);
        var ended = new CompletableFuture<Void>();
        latest.remove(key); // so that the newest is the last to be forgotten
        latest.put(key, new Latest(generation, attempt, ended));
        var predecessor = before == null ? CompletableFuture.completedFuture(null) : before.ended();
        var thread = threads.newThread(() -> {
            var past = predecessor.handle((_, _) -> null);
            try {
                // Whoever waits for its turn is here all the same.
                attempt.publish(new StepAccepted());
                past.join();
                outcome(attempt, work).filter(_ -> attempt.isStillHere()).ifPresent(event -> say(command, event));
                ended.complete(null);
            } catch (RuntimeException | Error e) {
                // Its outcome is not published, so its offset must not be committed.
                past.join();
                ended.completeExceptionally(e);
            } finally {
                forget(key, ended);
            }
        });
        thread.setName(command.getStepId() + "#" + command.getAttempt());
        thread.start();
        return ended;
    }

    private synchronized void forget(StepKey key, CompletableFuture<?> ended) {
        latest.computeIfPresent(
                key, (_, known) -> known.ended() == ended ? new Latest(known.generation(), null, ended) : known);
    }

    private CompletableFuture<?> cancel(StepCommand command, CancelStep cancel) {
        synchronized (this) {
            var known = latest.get(StepKey.of(command));
            if (known != null && !known.ended().isDone()) {
                if (known.generation().compareTo(Generation.of(command)) <= 0) {
                    known.cancel(cancel.getReason());
                }
                return known.ended();
            }
        }
        // Not here, or over: nothing will change any more, which is all that a cancellation asks for.
        return sayBeside(command, new StepCancelled(cancel.getReason()));
    }

    /** Whoever reads commands does not wait for it. Not said where it may be another's to say. */
    private CompletableFuture<?> sayBeside(StepCommand command, SpecificRecord event) {
        var said = new CompletableFuture<Void>();
        var end = relinquishment;
        unsaid.incrementAndGet();
        threads.newThread(() -> {
                    try {
                        if (leases.membership().awaitUnless(end)) {
                            say(command, event);
                        }
                        said.complete(null);
                    } catch (RuntimeException | Error e) {
                        said.completeExceptionally(e);
                    } finally {
                        unsaid.decrementAndGet();
                    }
                })
                .start();
        return said;
    }

    /** Returns once it is on the brokers, however long they are away: that is no failure of the work. */
    private void say(StepCommand command, SpecificRecord event) {
        try {
            events.publish(command, event).join();
        } catch (RuntimeException e) {
            if (event instanceof StepError || !isForGood(e)) {
                throw e;
            }
            LOG.error("{} of {} cannot be reported", command.getStepId(), command.getRollbackId(), e);
            events.publish(
                            command,
                            new StepError(FailureKind.INTERNAL, "it was done, but its result cannot be reported: " + e))
                    .join();
        }
    }

    /** No broker would ever take it. */
    private static boolean isForGood(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RecordTooLargeException || cause instanceof SerializationException) {
                return true;
            }
        }
        return false;
    }

    /** What is not here or over needs no more time; a newer attempt has a deadline of its own. */
    private synchronized CompletableFuture<?> extend(StepCommand command, ExtendStep extend) {
        var known = latest.get(StepKey.of(command));
        if (known != null && known.attempt() != null && known.generation().equals(Generation.of(command))) {
            known.attempt().extend(extend.getDeadline());
        }
        return CompletableFuture.completedFuture(null);
    }

    /** What became of it; empty where another process has taken it over, and says so. */
    private Optional<SpecificRecord> outcome(Attempt attempt, Work work) {
        boolean permitted = false;
        attempt.begin();
        try {
            awaitTurn(attempt);
            permitted = true;
            attempt.stillWanted();
            running.add(attempt);
            return Optional.of(work.of(attempt));
        } catch (StepCancelledException | InterruptedException e) {
            return cancelled(attempt, e);
        } catch (StepFailure e) {
            // A tool that was interrupted reports a failure of its own; the cancellation is the truth.
            return attempt.cancellation() != null
                    ? cancelled(attempt, e)
                    : Optional.of(new StepError(e.kind(), e.text()));
        } catch (RuntimeException | Error e) {
            if (attempt.cancellation() != null) {
                return cancelled(attempt, e);
            }
            LOG.error("{} of {} failed unexpectedly", attempt.stepId(), attempt.rollbackId(), e);
            return Optional.of(new StepError(FailureKind.INTERNAL, "defect in the worker: " + e));
        } finally {
            attempt.end();
            running.remove(attempt);
            if (permitted) {
                permits.release();
            }
        }
    }

    private void awaitTurn(Attempt attempt) throws InterruptedException {
        if (!permits.tryAcquire(0, TimeUnit.SECONDS)) {
            attempt.progress(0, 0, "", "waits for its turn: this worker is busy with as many steps as it may take");
            permits.acquire();
        }
    }

    private static Optional<SpecificRecord> cancelled(Attempt attempt, Throwable cause) {
        var reason = attempt.cancellation();
        LOG.info("{} of {} stopped: {}", attempt.stepId(), attempt.rollbackId(), reason == null ? cause : reason);
        if (reason == null) {
            return Optional.of(new StepError(
                    FailureKind.UNAVAILABLE,
                    "did not finish in time: "
                            + (cause instanceof InterruptedException ? "its deadline passed" : cause.getMessage())));
        }
        return attempt.relinquished() ? Optional.empty() : Optional.of(new StepCancelled(reason));
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
}
