package io.freedom.rollback.ctl.verify;

import static io.freedom.rollback.ctl.verify.WrittenRollback.TOPICS;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.ctl.topics.Received;
import io.freedom.rollback.ctl.view.Samples;
import io.freedom.rollback.orchestrator.records.HashChain;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DropReplacedDatabases;
import io.freedom.rollback.schemas.chain.EventHash;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.site.PermitAwaited;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepStatus;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.Worker;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class VerificationTest {
    private final WrittenRollback written = new WrittenRollback("rb-1");
    private long historyBegins = 0;

    private Verification verification() {
        var beginnings = new HashMap<TopicPartition, Long>();
        Verification.topics(TOPICS).forEach(topic -> beginnings.put(new TopicPartition(topic.name(), 0), 0L));
        beginnings.put(new TopicPartition(TOPICS.history().name(), 0), historyBegins);
        return new Verification(TOPICS, beginnings, null, null);
    }

    /** The store and the status as they were written, beside a history that may be another. */
    private Verification with(List<Received> history) {
        return with(history, written.status());
    }

    private Verification with(List<Received> history, RollbackStatus status) {
        var verification = verification();
        history.forEach(verification::take);
        written.stored().forEach(verification::take);
        verification.take(shown(status));
        verification.take(known(written.platform()));
        return verification;
    }

    private static Received shown(RollbackStatus status) {
        return WrittenRollback.received(TOPICS.status().name(), status.getRollbackId(), status);
    }

    private static Received known(PlatformState state) {
        return WrittenRollback.received(TOPICS.storedPlatforms().name(), state.getPlatform(), state);
    }

    private static List<Received> changed(List<Received> history, UnaryOperator<HistoryEvent> change) {
        return history.stream()
                .map(received ->
                        new Received(received.topic(), 0, 0, received.at(), received.key(), change.apply((HistoryEvent)
                                received.value())))
                .toList();
    }

    private static UnaryOperator<HistoryEvent> of(long sequence, UnaryOperator<HistoryEvent.Builder> change) {
        return event -> event.getRollbackId() != null && event.getSequence() == sequence
                ? change.apply(HistoryEvent.newBuilder(event)).build()
                : event;
    }

    private static String problem(Verification verification) {
        assertThat(verification.settle() && verification.findings().isEmpty()).isFalse();
        assertThat(verification.findings()).hasSize(1);
        return verification.findings().getFirst().problem();
    }

    private static void holds(Verification verification) {
        assertThat(verification.settle())
                .as(() -> verification.findings().toString())
                .isTrue();
        assertThat(verification.findings()).isEmpty();
    }

    @Test
    void holdsFromTheFirstEventToTheUndoOfTheLastStep() {
        holds(with(written.history()));
        written.completed().merged();
        holds(with(written.history()));
        written.decide(new RollbackCommand.Pause("ada", "to look"));
        holds(with(written.history()));
        written.decide(new RollbackCommand.Resume("ada", null)).toTheEnd();
        assertThat(written.state().outcome()).isEqualTo(Outcome.SUCCEEDED);
        holds(with(written.history()));
        written.decide(new RollbackCommand.Undo("ada", "worse", true)).toTheEnd();
        assertThat(written.state().outcome()).isEqualTo(Outcome.COMPENSATED);
        holds(with(written.history()));
    }

    @Test
    void missesNothingOfARollbackThatWaitsForItsTurn() {
        var verification = with(written.history());
        verification.take(shown(RollbackStatus.newBuilder(written.status())
                .setRollbackId("rb-2")
                .setPermit(new PermitAwaited("berlin", 1, 1, 1, 1, List.of()))
                .build()));

        holds(verification);
    }

    @Test
    void goesByTheChainAndNotByClocks() {
        written.completed().clockGoesBack().completed().toTheEnd();

        holds(with(written.history()));
    }

    @Test
    void seesThatAnEventWasAltered() {
        written.toTheEnd();

        assertThat(problem(with(changed(written.history(), of(3, event -> event.setCause("mallory"))))))
                .startsWith("event 3 does not match its hash");
    }

    @Test
    void seesThatAnEventWasAlteredAndSealedAnew() {
        written.toTheEnd();
        UnaryOperator<HistoryEvent> forged = event -> {
            var altered = of(3, other -> other.setCause("mallory")).apply(event);
            return HistoryEvent.newBuilder(altered)
                    .setHash(EventHash.of(altered))
                    .build();
        };

        assertThat(problem(with(changed(written.history(), forged))))
                .startsWith("event 4 does not carry the hash of the event before");
    }

    @Test
    void seesThatAWholeHistoryWasForgedAsTheStoreHasAnother() {
        written.toTheEnd();
        var chain = HashChain.EMPTY;
        var forged = new ArrayList<Received>(written.history().subList(0, 1));
        for (var event : written.events) {
            var other = chain.next("freedom", "rb-1", event.getAt(), "mallory", (SpecificRecord) event.getEvent());
            chain = HashChain.endingWith(other);
            forged.add(WrittenRollback.received(TOPICS.history().name(), "freedom", other));
        }

        assertThat(problem(with(forged)))
                .isEqualTo("event " + written.events.size() + " of the store is not that of the history");
    }

    @Test
    void seesThatAnEventIsMissing() {
        written.toTheEnd();
        var history = new ArrayList<>(written.history());
        history.remove(4); // the first is the platform's own

        assertThat(problem(with(history))).isEqualTo("event 4 is missing: event 5 follows event 3");
    }

    @Test
    void seesThatTheBeginningIsMissing() {
        var history = new ArrayList<>(written.toTheEnd().history());
        history.subList(1, 3).clear();

        assertThat(problem(with(history))).isEqualTo("events 1 to 2 are missing: it begins with event 3");
    }

    @Test
    void seesThatTheEndIsMissing() {
        var history = written.toTheEnd().history();

        assertThat(problem(with(history.subList(0, history.size() - 1)), "rb-1"))
                .isEqualTo("the store ends with event " + written.events.size() + ", the history with event "
                        + (written.events.size() - 1));
    }

    /** What the rollback's own finding says; that its platform's store has it run, or undoable, follows from it. */
    private static String problem(Verification verification, String rollback) {
        verification.settle();
        return verification.findings().stream()
                .filter(finding -> rollback.equals(finding.rollback()))
                .map(Finding::problem)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void seesDuplicatesAndWhatIsOutOfOrder() {
        written.toTheEnd();
        var twice = new ArrayList<>(written.history());
        twice.add(4, twice.get(3));
        assertThat(problem(with(twice))).isEqualTo("event 3 comes after event 3, twice or out of order");

        var swapped = new ArrayList<>(written.history());
        swapped.add(3, swapped.remove(4));
        assertThat(problem(with(swapped))).isEqualTo("event 3 is missing: event 4 follows event 2");
    }

    @Test
    void seesWhatCannotHappenThoughItIsSealed() {
        var last = HashChain.endingWith(written.events.getLast());
        var early = last.next(
                "freedom",
                "rb-1",
                written.events.getLast().getAt(),
                null,
                new RollbackFinished(Outcome.SUCCEEDED, "", 1L, 0L));
        var history = new ArrayList<>(written.history());
        history.add(WrittenRollback.received(TOPICS.history().name(), "freedom", early));

        assertThat(problem(with(history)))
                .startsWith("event " + early.getSequence()
                        + ", RollbackFinished, cannot come there: nothing is out at the end");
    }

    @Test
    void saysWhichFieldOfTheStatusDiffers() {
        written.toTheEnd();
        var shown = RollbackStatus.newBuilder(written.status())
                .setState(RollbackState.RUNNING)
                .build();
        assertThat(problem(with(written.history(), shown)))
                .isEqualTo("its status differs: state is RUNNING, by the history SUCCEEDED");

        var steps = new ArrayList<>(written.status().getSteps());
        steps.set(1, StepStatus.newBuilder(steps.get(1)).setAttempt(2).build());
        assertThat(problem(with(
                        written.history(),
                        RollbackStatus.newBuilder(written.status())
                                .setSteps(steps)
                                .build())))
                .isEqualTo("its status differs: of step backup.database attempt is 2, by the history 1");
    }

    @Test
    void doesNotAskTheHistoryHowFarAnAttemptIs() {
        written.decide(
                new RollbackCommand.Acknowledge(written.state().inFlight().getFirst(), "worker:1"));
        var steps = written.status().getSteps().stream()
                .map(step -> step.getId()
                                .equals(written.state().inFlight().getFirst().step())
                        ? StepStatus.newBuilder(step)
                                .setDone(5)
                                .setTotal(9)
                                .setUnit("files")
                                .setDetail("halfway")
                                .build()
                        : step)
                .toList();

        holds(with(
                written.history(),
                RollbackStatus.newBuilder(written.status()).setSteps(steps).build()));
    }

    @Test
    void seesThatTheStoreLacksWhatItNeeds() {
        written.toTheEnd();
        var verification = with(written.history());
        written.stored()
                .forEach(received -> verification.take(
                        WrittenRollback.received(received.topic(), String.valueOf(received.key()), null)));

        assertThat(problem(verification)).isEqualTo("the store has none of its events");
    }

    @Test
    void doesWithoutEventsThatTheStoreHasForgotten() {
        written.toTheEnd()
                .decide(new RollbackCommand.Undo("ada", "worse", true))
                .toTheEnd();
        var verification = verification();
        written.history().forEach(verification::take);
        verification.take(shown(written.status()));
        verification.take(known(written.platform()));

        holds(verification);
    }

    @Test
    void seesThatTheStoreHasAnotherRun() {
        written.toTheEnd();
        var verification = with(written.history());
        verification.take(known(
                PlatformState.newBuilder(written.platform()).setRunning("rb-2").build()));

        assertThat(problem(verification)).isEqualTo("by the store rb-2 runs, by the history nothing");
    }

    @Test
    void seesThatTheStoreHasForgottenWhatCanBeUndone() {
        written.toTheEnd();
        var verification = with(written.history());
        verification.take(known(
                PlatformState.newBuilder(written.platform()).setUndoable(null).build()));

        assertThat(problem(verification)).isEqualTo("by the store nothing can be undone, by the history rb-1");
    }

    @Test
    void seesThatTheStoreLeavesNothingToAnOperatorThoughARollbackWasAborted() {
        written.completed()
                .completed()
                .decide(new RollbackCommand.Abort("ada", "wrong tag", AbortMode.NOW, false))
                .toTheEnd();
        assertThat(written.state().outcome()).isEqualTo(Outcome.ABORTED);
        var verification = with(written.history());

        assertThat(problem(verification))
                .isEqualTo("by the store nothing has left it to an operator, by the history rb-1");

        verification.take(known(
                PlatformState.newBuilder(written.platform()).setLeftBy("rb-1").build()));
        holds(verification);
    }

    @Test
    void blamesNoLaterRollbackForOneThatIsBroken() {
        written.toTheEnd();
        var second = new WrittenRollback("rb-2").toTheEnd();
        var verification = with(changed(written.history(), of(3, event -> event.setHash("forged"))));
        second.events.forEach(event ->
                verification.take(WrittenRollback.received(TOPICS.history().name(), "freedom", event)));
        second.stored().forEach(verification::take);
        verification.take(shown(second.status()));
        verification.take(known(second.platform()));

        verification.settle();

        assertThat(verification.findings()).extracting(Finding::rollback).containsOnly("rb-1");
    }

    @Test
    void knowsThatNothingIsUndoneOnceWhatWasReplacedIsDropped() {
        written.toTheEnd();
        var drop = Samples.planStep("backup.drop-replaced", "Drop", Phase.RECOVER, Worker.BACKUP)
                .setAction(new StepAction(new DropReplacedDatabases(
                        new Database("postgres", "freedom_kb", "freedom", "jdbc:…", null, List.of()), "rb-1")))
                .build();
        var second = new WrittenRollback(
                        "rb-2",
                        Plan.newBuilder(Samples.plan()).setSteps(List.of(drop)).build())
                .toTheEnd();
        assertThat(second.state().outcome()).isEqualTo(Outcome.SUCCEEDED);
        var verification = with(written.history());
        second.events.forEach(event ->
                verification.take(WrittenRollback.received(TOPICS.history().name(), "freedom", event)));
        second.stored().forEach(verification::take);
        verification.take(shown(second.status()));
        verification.take(known(
                PlatformState.newBuilder(written.platform()).setUndoable(null).build()));

        holds(verification);
    }

    @Test
    void seesThatTwoRollbacksOfAPlatformRunAtOnce() {
        var second = new WrittenRollback("rb-2");
        var verification = with(written.history());
        second.events.forEach(event ->
                verification.take(WrittenRollback.received(TOPICS.history().name(), "freedom", event)));
        second.stored().forEach(verification::take);
        verification.take(shown(second.status()));

        assertThat(problem(verification))
                .isEqualTo(
                        "event 1, RollbackStarted, cannot come there: rb-1 runs, and a platform has one rollback at a"
                                + " time");
    }

    @Test
    void knowsWhatCanBeUndoneThoughTheBeginningIsNotKept() {
        historyBegins = 17;
        written.toTheEnd();
        var history = new ArrayList<>(written.history());
        history.removeFirst();
        var verification = with(history);
        verification.take(known(
                PlatformState.newBuilder(written.platform()).setUndoable("rb-0").build()));

        assertThat(problem(verification)).isEqualTo("by the store rb-0 can be undone, by the history rb-1");
    }

    @Test
    void comparesTheChainOfThePlatformItself() {
        var verification = with(written.history());
        verification.take(known(
                PlatformState.newBuilder(written.platform()).setSequence(2).build()));

        assertThat(problem(verification)).startsWith("the store goes on from event 2 of the platform's own");
    }

    @Test
    void waitsForWhatRunsAndHoldsWhereAllHaveReachedTheSameEvent() {
        var behind = with(written.history(), written.status());
        assertThat(behind.settle()).isTrue();
        int reached = written.events.size();

        var torn = verification();
        torn.take(known(written.platform()));
        torn.take(shown(written.status()));
        written.stored().forEach(torn::take);
        written.completed();
        written.history().forEach(torn::take); // the history is read last, and is ahead
        assertThat(torn.settle()).isFalse();
        written.stored().forEach(torn::take);
        torn.take(shown(written.status()));

        holds(torn);
        assertThat(torn.summary().running())
                .singleElement()
                .satisfies(running -> assertThat(running.comparedUpTo())
                        .isEqualTo(written.events.size())
                        .isGreaterThan(reached));
    }

    @Test
    void rebuildsNoStateWhereTheBeginningIsNotKept() {
        historyBegins = 17;
        written.toTheEnd();
        var history = written.history();
        var kept = history.subList(3, history.size());

        var verification = with(kept);
        holds(verification);
        assertThat(verification.summary().truncated()).isOne();

        var altered = changed(kept, of(5, event -> event.setCause("mallory")));
        assertThat(problem(with(altered))).startsWith("event 5 does not match its hash");
    }

    @Test
    void missesARollbackOfWhichNothingIsLeft() {
        written.toTheEnd();

        assertThat(problem(with(written.history().subList(0, 1)), "rb-1"))
                .isEqualTo("all its events are missing, but the status knows it");
    }

    @Test
    void missesAPlatformOfWhichNothingIsLeft() {
        var verification = verification();
        verification.take(known(written.platform()));

        assertThat(problem(verification)).isEqualTo("all its events are missing, but the store knows it");
    }

    @Test
    void wantsTheBeginningFirst() {
        var merged = new WrittenRollback("rb-1").merged().events.getLast();
        var first = HashChain.EMPTY.next("freedom", "rb-1", merged.getAt(), null, (SpecificRecord) merged.getEvent());
        var history = new ArrayList<>(written.history().subList(0, 1));
        history.add(WrittenRollback.received(TOPICS.history().name(), "freedom", first));

        assertThat(problem(with(history)))
                .isEqualTo("event 1, IncidentMerged, cannot come there: a rollback begins with RollbackStarted");
    }

    @Test
    void namesTopicsThatAreNotThere() {
        var verification = new Verification(
                TOPICS, Map.of(new TopicPartition(TOPICS.history().name(), 0), 0L), null, null);

        assertThat(verification.missingTopics())
                .containsExactly(
                        "rollback.status",
                        "rollback.orchestrator-rollback-events-changelog",
                        "rollback.orchestrator-platforms-changelog");
    }

    @Test
    void followsAnAbort() {
        written.completed().completed().decide(new RollbackCommand.Abort("ada", "wrong tag", AbortMode.NOW, true));

        holds(with(written.history()));
    }
}
