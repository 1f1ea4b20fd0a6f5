package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Permits;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.schemas.history.IncidentPostponed;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.site.PermitAwaited;
import io.freedom.rollback.schemas.state.PlatformPermit;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What people see and are told of a rollback that waits for its turn at a site. */
final class Postponements {
    /** What waits no longer than that wakes nobody. */
    static final Duration TOLERABLE = Duration.ofMinutes(2);

    /** Somebody may be in there: people are told at once, and can go past the queue. */
    static Instant toTell(@Nullable IncidentClass kind, Instant now) {
        return kind == IncidentClass.SECURITY_BREACH ? now : now.plus(TOLERABLE);
    }

    private static final Duration REMINDER = Duration.ofHours(1);

    private final SagaStore store;
    private final History history;
    private final Notifications notifications;
    private final Publisher publisher;

    Postponements(SagaStore store, History history, Notifications notifications, Publisher publisher) {
        this.store = store;
        this.history = history;
        this.notifications = notifications;
        this.publisher = publisher;
    }

    /** @param isNews whether its place is another than what was heard before */
    void placed(PlatformPermit permit, Incident incident, PermitAwaited awaited, boolean isNews, Instant now) {
        var place = Permits.place(awaited);
        if (isNews) {
            show(permit, incident, awaited, place, now);
        }
        boolean late = !now.isBefore(permit.getTell());
        if (permit.getSaid() && !late) {
            return;
        }
        var why = place + "; " + Permits.override(incident);
        say(permit, incident, awaited, why, late ? now.plus(REMINDER) : permit.getTell(), now);
        if (late) {
            var id = permit.getRollbackId() + ".waits-" + now.getEpochSecond();
            notifications.tell(
                    Notices.postponed(incident, permit.getRollbackId(), permit.getSince(), why),
                    incident.getPlatform(),
                    id,
                    now);
        }
    }

    /** Who watches must not see nothing, or an old place. */
    void unanswered(PlatformPermit permit, Incident incident, Instant now) {
        var nobody = noPlace(permit.getSite());
        var why = "waits for its turn at site " + permit.getSite()
                + ": the keeper of its permits does not answer; where it goes on like that, it begins within a minute all the same";
        show(permit, incident, nobody, why, now);
        if (!permit.getSaid()) {
            say(permit, incident, nobody, why + "; " + Permits.override(incident), permit.getTell(), now);
        }
    }

    /** Whoever watches it learns that it does not begin. */
    void neverBegan(String platform, PlatformPermit permit, String why, Instant now) {
        if (permit.getSaid()) {
            publisher.status(
                    RollbackStatus.newBuilder()
                            .setPlatform(platform)
                            .setRollbackId(permit.getRollbackId())
                            .setScenario(permit.getScenario())
                            .setState(RollbackState.REFUSED)
                            .setReason("it has not begun, " + why)
                            .setStartedAt(permit.getSince())
                            .setFinishedAt(now)
                            .setRto(permit.getRto())
                            .setAt(now)
                            .setSteps(List.of())
                            .setPermit(noPlace(permit.getSite()))
                            .build(),
                    now);
        }
    }

    /** In the history. */
    private void say(
            PlatformPermit permit, Incident incident, PermitAwaited awaited, String why, Instant tell, Instant now) {
        var platform = incident.getPlatform();
        var said = PlatformPermit.newBuilder(permit).setSaid(true).setTell(tell).build();
        store.put(Permits.with(store.platform(platform), said));
        history.add(
                platform,
                incident.getIncidentId(),
                new IncidentPostponed(incident, permit.getRollbackId(), awaited, why),
                now);
    }

    /** What operators see of a rollback before it begins. */
    private void show(PlatformPermit permit, Incident incident, PermitAwaited awaited, String why, Instant now) {
        publisher.status(
                RollbackStatus.newBuilder()
                        .setPlatform(incident.getPlatform())
                        .setRollbackId(permit.getRollbackId())
                        .setScenario(permit.getScenario())
                        .setState(RollbackState.RUNNING)
                        .setReason(why)
                        .setTrigger(incident.getSource() + ": " + incident.getIncidentClass() + ", "
                                + incident.getSummary())
                        .setIncidentClass(incident.getIncidentClass())
                        .setStartedAt(permit.getSince())
                        .setRto(permit.getRto())
                        .setAt(now)
                        .setSteps(List.of())
                        .setPermit(awaited)
                        .build(),
                now);
    }

    private static PermitAwaited noPlace(String site) {
        return new PermitAwaited(site, 0, 0, 0, 0, List.of());
    }
}
