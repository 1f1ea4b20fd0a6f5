package io.freedom.rollback.ctl.report;

import io.freedom.rollback.schemas.chain.EventHash;
import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.AttemptFailed;
import io.freedom.rollback.schemas.history.CompensationStarted;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepDispatched;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Writes the history of one rollback as the orchestrator does, event by event, hashes included. */
public final class RecordedHistory {
    public static final Instant START = Instant.parse("2026-01-31T10:15:00Z");
    public static final String ID = "rb-20260131-101500-a3f9";

    static {
        TrustedSchemas.trust();
    }

    private final List<HistoryEvent> events = new ArrayList<>();
    private final String platform;
    private long offset;

    private RecordedHistory(String platform) {
        this.platform = platform;
    }

    public static RecordedHistory byOperator(Plan plan, String operator, @Nullable String reason) {
        return new RecordedHistory(plan.getPlatform())
                .fact(RollbackStarted.newBuilder()
                        .setPlan(plan)
                        .setOperator(operator)
                        .setReason(reason)
                        .build());
    }

    public static RecordedHistory byIncident(Plan plan, Incident incident) {
        return new RecordedHistory(plan.getPlatform())
                .fact(RollbackStarted.newBuilder()
                        .setPlan(plan)
                        .setIncident(incident)
                        .build());
    }

    /** What follows happens so many milliseconds after the start. */
    public RecordedHistory at(long millis) {
        offset = millis;
        return this;
    }

    public RecordedHistory fact(SpecificRecord fact) {
        events.add(sealed(
                ID, events.size() + 1L, events.isEmpty() ? "" : events.getLast().getHash(), fact));
        return this;
    }

    private HistoryEvent sealed(@Nullable String id, long sequence, String before, SpecificRecord fact) {
        var event = HistoryEvent.newBuilder()
                .setPlatform(platform)
                .setRollbackId(id)
                .setSequence(sequence)
                .setAt(START.plusMillis(offset))
                .setPreviousHash(before)
                .setHash("")
                .setEvent(fact)
                .build();
        return HistoryEvent.newBuilder(event).setHash(EventHash.of(event)).build();
    }

    public RecordedHistory dispatched(String step, int attempt, boolean undo) {
        return fact(new StepDispatched(step, attempt, undo, START.plusSeconds(600)));
    }

    /** From dispatch to success. */
    public RecordedHistory step(String step, long from, long to, SpecificRecord result, String detail) {
        return at(from).dispatched(step, 1, false).at(to).succeeded(step, 1, false, result, detail);
    }

    public RecordedHistory succeeded(String step, int attempt, boolean undo, SpecificRecord result, String detail) {
        return fact(new StepSucceeded(step, attempt, undo, detail, false, new StepResult(result)));
    }

    public RecordedHistory failed(String step, int attempt, boolean undo, FailureKind kind, String message) {
        return fact(new AttemptFailed(step, attempt, undo, kind, message, false, null))
                .fact(new StepFailed(step, undo, kind, message, false));
    }

    public RecordedHistory failedForNow(String step, int attempt, FailureKind kind, String message, long retryAfter) {
        return fact(
                new AttemptFailed(step, attempt, false, kind, message, false, START.plusMillis(offset + retryAfter)));
    }

    public RecordedHistory aborted(String operator, String reason) {
        return fact(new AbortRequested(operator, reason, AbortMode.NOW, true));
    }

    public RecordedHistory undoing(String reason, String... steps) {
        return fact(new CompensationStarted(reason, List.of(steps)));
    }

    public RecordedHistory finished(Outcome outcome, String reason, long downtime) {
        return fact(new RollbackFinished(outcome, reason, offset, downtime));
    }

    public List<HistoryEvent> events() {
        return List.copyOf(events);
    }

    /** A fact of the platform, beside the rollback's chain. */
    public HistoryEvent ofThePlatform(SpecificRecord fact) {
        return sealed(null, 1, "", fact);
    }

    public Report report() {
        return report(START.plus(Duration.ofHours(1)));
    }

    public Report report(Instant now) {
        return Report.of(ID, events, now, ZoneOffset.UTC);
    }
}
