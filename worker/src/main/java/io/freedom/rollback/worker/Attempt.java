package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepProgress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** One attempt while it runs: what its handler may ask, and how it is stopped. */
final class Attempt implements StepContext {
    /** Why an attempt stops when its partition went to another process. */
    static final String RELINQUISHED = "the platform is now served by another worker process";

    /** Why an attempt stops when nobody may count on it any more. */
    static final String CUT_OFF =
            "its worker was cut off from Kafka, or stood still, and stopped it: another could have taken over";

    private final StepCommand command;
    private final ExecuteStep execute;
    private final Secrets secrets;
    private final InstantSource clock;
    private final StepEvents events;
    private final Lease membership;
    private final Lease hearing;

    private volatile Instant deadline;
    private volatile @Nullable String cancelled;
    private volatile StepProgress progress = new StepProgress(0L, 0L, "", "");
    /** It has asked whether it may. */
    private volatile boolean mayChange;

    private @Nullable Thread thread;

    private final CompletableFuture<Void> relinquishment = new CompletableFuture<>();

    Attempt(
            StepCommand command,
            ExecuteStep execute,
            Secrets secrets,
            InstantSource clock,
            StepEvents events,
            Leases leases) {
        this.events = events;
        this.membership = leases.membership();
        this.hearing = leases.hearing();
        this.command = command;
        this.execute = execute;
        this.secrets = secrets;
        this.clock = clock;
        this.deadline = execute.getDeadline();
    }

    StepCommand command() {
        return command;
    }

    SpecificRecord action() {
        return (SpecificRecord) execute.getAction().getAction();
    }

    StepProgress lastProgress() {
        return progress;
    }

    @Nullable
    String cancellation() {
        return cancelled;
    }

    /** It is another process's now, whatever came of it here. */
    void relinquish() {
        relinquishment.complete(null);
        cancel(RELINQUISHED);
    }

    boolean relinquished() {
        return relinquishment.isDone();
    }

    /** Returns once this process is known to have it still, or not to: what the one says who has it not would be believed. */
    boolean isStillHere() {
        return membership.awaitUnless(relinquishment);
    }

    /** Nothing may change any more; the working thread is interrupted. */
    synchronized void cancel(String reason) {
        if (cancelled == null) {
            cancelled = reason;
            if (thread != null) {
                thread.interrupt();
            }
        }
    }

    /** What the brokers have of it shows the orchestrator that it is alive. */
    CompletableFuture<?> publish(SpecificRecord event) {
        long asked = hearing.ask();
        return events.publish(command, event).thenRun(() -> heard(asked));
    }

    /** What was lost by then stays lost: it may have been given to another. */
    private synchronized void heard(long asked) {
        if (!hearing.lapsed()) {
            hearing.renew(asked);
        }
    }

    /** Stops where others may take it for dead, and it may be amid a change: that has to be over when they act on it. */
    void endIfCutOff() {
        if (mayChange && (hearing.lapsed() || membership.lapsed())) {
            cancel(CUT_OFF);
        }
    }

    /** It may take until then, and no longer: less than before, too. */
    void extend(Instant until) {
        deadline = until;
    }

    Duration extendedBy() {
        return Duration.between(execute.getDeadline(), deadline);
    }

    /** Its time is over: {@link #checkpoint} refuses, and the working thread is interrupted. */
    synchronized void expire() {
        if (thread != null) {
            thread.interrupt();
        }
    }

    /** Binds the attempt to the calling thread, so that cancelling interrupts it. */
    synchronized void begin() {
        thread = Thread.currentThread();
        TimeLimit.bind(this);
        if (cancelled != null) {
            thread.interrupt();
        }
    }

    /** Unbinds; a late interrupt must not hit what the thread does next. */
    synchronized void end() {
        thread = null;
        TimeLimit.unbind();
        Thread.interrupted();
    }

    @Override
    public void checkpoint() {
        while (true) {
            var confirmed = membership.renewal();
            var heard = hearing.renewal();
            boolean isHeard = hearing.holds();
            if (!isHeard && hearing.lapsed()) {
                cancel(CUT_OFF);
            }
            stillWanted();
            if (!isHeard) {
                await(heard);
            } else if (!membership.holds()) {
                await(confirmed); // it is without a gap, or is not renewed
            } else {
                mayChange = true;
                return;
            }
        }
    }

    private void await(CompletableFuture<Void> confirmed) {
        try {
            confirmed.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stillWanted();
            throw new StepCancelledException("it was interrupted");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void stillWanted() {
        var reason = cancelled;
        if (reason != null) {
            throw new StepCancelledException(reason);
        }
        if (clock.instant().isAfter(deadline())) {
            throw new StepCancelledException("its deadline passed");
        }
    }

    @Override
    public void progress(long done, long total, String unit, String note) {
        progress = new StepProgress(done, total, unit, note);
    }

    @Override
    public void report(SpecificRecord event) {
        stillWanted();
        try {
            publish(event).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stillWanted();
            throw new StepCancelledException("it was interrupted");
        } catch (ExecutionException e) {
            throw new IllegalStateException(
                    event.getSchema().getName() + " cannot be reported: " + e.getCause(), e.getCause());
        }
    }

    @Override
    public <R extends SpecificRecord> Optional<R> find(Class<R> result) {
        return execute.getInputs().stream()
                .map(input -> input.getResult().getResult())
                .filter(result::isInstance)
                .map(result::cast)
                .findFirst();
    }

    @Override
    public String platform() {
        return command.getPlatform();
    }

    @Override
    public String rollbackId() {
        return command.getRollbackId();
    }

    @Override
    public String stepId() {
        return command.getStepId();
    }

    @Override
    public int attempt() {
        return command.getAttempt();
    }

    @Override
    public Instant deadline() {
        return deadline;
    }

    @Override
    public Secrets secrets() {
        return secrets;
    }
}
