package io.freedom.rollback.ctl.verify;

import io.freedom.rollback.ctl.topics.Received;
import io.freedom.rollback.ctl.view.Samples;
import io.freedom.rollback.orchestrator.records.HashChain;
import io.freedom.rollback.orchestrator.records.HistoryMapper;
import io.freedom.rollback.orchestrator.records.Progress;
import io.freedom.rollback.orchestrator.records.StatusView;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.schemas.action.WritersStopped;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** A rollback with all that an orchestrator writes of it: decided by the decider that ships, chained, stored and shown. */
public final class WrittenRollback {
    public static final TopicCatalogue TOPICS = TopicCatalogue.withPrefix("rollback.");

    private final String id;
    private final HistoryEvent registered;
    public final List<HistoryEvent> events = new ArrayList<>();
    private HashChain chain = HashChain.EMPTY;
    private @Nullable Rollback state;
    private Instant now = Samples.START;

    public WrittenRollback(String id) {
        this(id, Samples.plan());
    }

    WrittenRollback(String id, Plan plan) {
        this.id = id;
        registered =
                HashChain.EMPTY.next("freedom", null, now, "c", new PlatformRegistered("name: freedom", "0123", "ada"));
        decide(new RollbackCommand.Start(id, plan, null, "ada", "checkout is down"));
    }

    public WrittenRollback decide(RollbackCommand command) {
        now = now.plusSeconds(1);
        for (var event : RollbackDecider.decide(command, state, now)) {
            state = RollbackDecider.evolve(state, List.of(event), now);
            chained(HistoryMapper.toAvro(event));
        }
        return this;
    }

    private void chained(SpecificRecord fact) {
        var event = chain.next("freedom", id, now, null, fact);
        chain = HashChain.endingWith(event);
        events.add(event);
    }

    WrittenRollback merged() {
        chained(new IncidentMerged(Incident.newBuilder()
                .setIncidentId("inc-1")
                .setPlatform("freedom")
                .setSource("test")
                .setFingerprint("f")
                .setIncidentClass(IncidentClass.SERVICE_DEGRADATION)
                .setSummary("slow")
                .setBeganAt(now)
                .build()));
        return this;
    }

    /** The clock of the orchestrator that takes over is behind. */
    public WrittenRollback clockGoesBack() {
        now = now.minusSeconds(90);
        return this;
    }

    /** Whatever is out succeeds, until the end. */
    public WrittenRollback toTheEnd() {
        while (!state().inFlight().isEmpty()) {
            completed();
        }
        return this;
    }

    public WrittenRollback completed() {
        var attempt = state().inFlight().getFirst();
        decide(new RollbackCommand.Acknowledge(attempt, "worker:1"));
        return decide(new RollbackCommand.Complete(
                attempt, new StepResult(new WritersStopped(List.of("api"))), "done", false));
    }

    Rollback state() {
        return Objects.requireNonNull(state);
    }

    public RollbackStatus status() {
        return StatusView.of(state(), Progress.UNKNOWN, now);
    }

    public PlatformState platform() {
        boolean finished = state().finished();
        return PlatformState.newBuilder()
                .setPlatform("freedom")
                .setSequence(1)
                .setLastHash(registered.getHash())
                .setRunning(finished ? null : id)
                .setUndoable(state().outcome() == Outcome.SUCCEEDED ? id : null)
                .build();
    }

    public HistoryEvent registered() {
        return registered;
    }

    public static String key(HistoryEvent event) {
        return "%s/%08d".formatted(event.getRollbackId(), event.getSequence());
    }

    List<Received> history() {
        var all = new ArrayList<HistoryEvent>();
        all.add(registered);
        all.addAll(events);
        return all.stream()
                .map(event -> received(TOPICS.history().name(), event.getPlatform(), event))
                .toList();
    }

    List<Received> stored() {
        return events.stream()
                .map(event -> received(TOPICS.storedEvents().name(), key(event), event))
                .toList();
    }

    static Received received(String topic, String key, @Nullable SpecificRecord value) {
        return new Received(topic, 0, 0, Samples.START, key, value);
    }
}
