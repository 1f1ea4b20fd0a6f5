package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Descriptors;
import io.freedom.rollback.orchestrator.aftercare.Care;
import io.freedom.rollback.orchestrator.aftercare.Change;
import io.freedom.rollback.orchestrator.aftercare.ConfigurationChanges;
import io.freedom.rollback.orchestrator.aftercare.LogKeeping;
import io.freedom.rollback.orchestrator.aftercare.StoreCopies;
import io.freedom.rollback.orchestrator.aftercare.Turns;
import io.freedom.rollback.orchestrator.aftercare.WalArchives;
import io.freedom.rollback.orchestrator.aftercare.WalCopies;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.schemas.state.LogLooks;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecordBase;

/** Has workers look after what platforms' descriptors name, whatever else runs. */
final class Caretaker {
    static final List<Care<?, ?>> CARES = List.of(
            new WalArchives(), new StoreCopies(), new WalCopies(), new LogKeeping(), new ConfigurationChanges());

    private final SagaStore store;
    private final History history;
    private final Notifications notifications;
    private final Publisher publisher;

    Caretaker(SagaStore store, History history, Notifications notifications, Publisher publisher) {
        this.store = store;
        this.history = history;
        this.notifications = notifications;
        this.publisher = publisher;
    }

    /** A platform was registered, perhaps anew. */
    static PlatformState planned(PlatformState state, Instant now) {
        var platform = Descriptors.of(state);
        var planned = state;
        for (var care : CARES) {
            planned = care.planned(planned, platform, now);
        }
        return planned;
    }

    /** Platforms of which something is looked after. */
    List<String> lookedAfter(Care<?, ?> care) {
        return store.lookedAfter(care);
    }

    /** Has it looked after if it is its turn. */
    <S extends SpecificRecordBase> void tick(Care<S, ?> care, String platform, Instant now) {
        var state = store.platform(platform);
        var kept = care.of(state);
        var descriptor = Descriptors.of(state);
        if (kept != null && descriptor.isPresent()) { // else of an older release's rules; admission says so
            care.tick(kept, descriptor.get(), isQuiet(platform), now)
                    .ifPresent(change -> carryOut(care, change, platform, Turns.of(kept), now));
        }
    }

    /** Something is at work on it. */
    private boolean isQuiet(String platform) {
        var live = store.live(platform);
        return live != null && !Scenario.onlyReadsBackups(live.rollback.plan().getScenario());
    }

    /** Whether the event was about a look. */
    boolean heard(StepEvent event, Instant now) {
        var about = CARES.stream().filter(care -> care.isAbout(event)).findFirst();
        about.ifPresent(care -> heard(care, event, now));
        return about.isPresent();
    }

    private <S extends SpecificRecordBase> void heard(Care<S, ?> care, StepEvent event, Instant now) {
        var platform = event.getPlatform();
        var kept = care.of(store.platform(platform));
        if (kept != null) {
            care.heard(kept, event, isQuiet(platform))
                    .ifPresent(change -> carryOut(care, change, platform, Turns.of(kept), now));
        }
    }

    /** Until when it is kept what comes up between restore points. */
    private static List<Optional<Instant>> reach(PlatformState state) {
        return List.of(
                WalArchives.reach(state.getArchive()),
                Optional.ofNullable(state.getLogs()).map(LogLooks::getUntil),
                Optional.ofNullable(state.getConfiguration()).map(LogLooks::getUntil));
    }

    private <S extends SpecificRecordBase> void carryOut(
            Care<S, ?> care, Change<S> change, String platform, Turns turns, Instant now) {
        var reach = reach(store.platform(platform));
        change.facts().forEach(fact -> history.add(platform, turns.id(), fact, now));
        if (change.notice() != null) {
            var id = turns.id() + ".interrupted-" + turns.asked();
            notifications.tell(change.notice(), platform, id, now);
        }
        // Read now: what was added to the history is noted in it.
        var after = care.with(store.platform(platform), change.kept());
        if (change.kept() == null) {
            after = care.planned(after, Descriptors.of(after), now); // it may be wanted again by now
        }
        // Once people are told, they are told again only of a later moment.
        boolean moved = !reach.equals(reach(after));
        store.put(moved ? Schedules.objective(after, now) : after);
        if (change.look() != null) {
            publisher.command(care.worker(), change.look(), now);
        }
    }
}
