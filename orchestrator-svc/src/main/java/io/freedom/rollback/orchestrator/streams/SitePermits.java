package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Permits;
import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.schemas.history.SiteLimitDisregarded;
import io.freedom.rollback.schemas.site.AskForPermit;
import io.freedom.rollback.schemas.site.PermitAwaited;
import io.freedom.rollback.schemas.site.PermitGranted;
import io.freedom.rollback.schemas.site.PermitQuestioned;
import io.freedom.rollback.schemas.site.ReturnPermit;
import io.freedom.rollback.schemas.site.SiteRequest;
import io.freedom.rollback.schemas.site.TakePermit;
import io.freedom.rollback.schemas.state.PermitState;
import io.freedom.rollback.schemas.state.PlatformPermit;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * A platform's side of its site's permits: what is asked for, taken and returned follows from what waits and runs, so that it comes right
 * whatever has ended, and however. What is said goes out in the transaction of what it follows from.
 */
final class SitePermits {
    /** How often one that waits asks again, and learns its place. */
    static final Duration AGAIN = Duration.ofSeconds(20);

    /** After so many questions without an answer nobody is waited for any more. */
    private static final int PATIENCE = 3;

    /** Kept in memory only: after a restart it is asked at once. */
    private static final class Asking {
        Instant next;
        int unanswered;

        @Nullable
        PermitAwaited answer;

        Asking(Instant next, int unanswered) {
            this.next = next;
            this.unanswered = unanswered;
        }
    }

    private final SagaStore store;
    private final SiteLimits limits;
    private final History history;
    private final Postponements postponements;
    private final Publisher publisher;
    private final Map<String, Asking> asking = new HashMap<>();

    SitePermits(SagaStore store, SiteLimits limits, History history, Notifications notifications, Publisher publisher) {
        this.store = store;
        this.limits = limits;
        this.history = history;
        postponements = new Postponements(store, history, notifications, publisher);
        this.publisher = publisher;
    }

    SiteLimits limits() {
        return limits;
    }

    /** For what an incident is to start, which waits before all others of its platform. */
    void ask(String platform, RollbackCommand.Start start, Instant now) {
        var site = start.plan().getSite();
        asking.put(platform, new Asking(now.plus(AGAIN), 1));
        store.put(Permits.waiting(store.platform(platform), now));
        put(
                platform,
                PlatformPermit.newBuilder()
                        .setSite(site)
                        .setRollbackId(start.rollbackId())
                        .setState(PermitState.AWAITED)
                        .setSince(now)
                        .setScenario(start.plan().getScenario())
                        .setRto(start.plan().getRto())
                        .setTell(Postponements.toTell(start.plan().getIncidentClass(), now))
                        .build());
        say(site, platform, start.rollbackId(), new AskForPermit(), now);
    }

    /**
     * What the keeper of its site tells it.
     *
     * @return whether the platform may begin with that
     */
    boolean heard(StepEvent event, Instant now) {
        var platform = event.getPlatform();
        var permit = store.platform(platform).getPermit();
        boolean known = permit != null && permit.getRollbackId().equals(event.getRollbackId());
        return switch (event.getEvent()) {
            case PermitGranted granted
            when !known -> {
                // Given up when it was on its way.
                say(granted.getSite(), platform, event.getRollbackId(), new ReturnPermit(), now);
                yield false;
            }
            case PermitGranted _ -> granted(platform, now);
            case PermitAwaited awaited -> {
                if (known) {
                    awaits(platform, awaited, now);
                }
                yield false;
            }
            case PermitQuestioned question -> {
                if (!known) {
                    say(question.getSite(), platform, event.getRollbackId(), new ReturnPermit(), now);
                }
                yield false;
            }
            default -> throw new IllegalArgumentException("nothing about permits: " + event.getEvent());
        };
    }

    static boolean isAbout(Object event) {
        return event instanceof PermitGranted || event instanceof PermitAwaited || event instanceof PermitQuestioned;
    }

    private boolean granted(String platform, Instant now) {
        var permit = store.platform(platform).getPermit();
        if (permit == null || permit.getState() != PermitState.AWAITED) {
            return false;
        }
        asking.remove(platform);
        put(
                platform,
                PlatformPermit.newBuilder(permit).setState(PermitState.GRANTED).build());
        publisher.somebodyWaits();
        return true;
    }

    private void awaits(String platform, PermitAwaited awaited, Instant now) {
        var permit = store.platform(platform).getPermit();
        var queue = store.platform(platform).getQueue();
        if (permit == null || permit.getState() != PermitState.AWAITED || queue.isEmpty()) {
            return;
        }
        var memory = asking.computeIfAbsent(platform, _ -> new Asking(now.plus(AGAIN), 0));
        memory.unanswered = 0;
        boolean changed = memory.answer == null || !memory.answer.equals(awaited);
        memory.answer = awaited;
        postponements.placed(permit, queue.getFirst(), awaited, changed, now);
    }

    /**
     * Time goes on for one that waits.
     *
     * @return whether it may begin now
     */
    boolean tick(String platform, Instant now) {
        var queue = store.platform(platform).getQueue();
        var permit = store.platform(platform).getPermit();
        if (permit == null || permit.getState() != PermitState.AWAITED || queue.isEmpty()) {
            return false;
        }
        if (limits.of(permit.getSite()).isEmpty()) {
            return granted(platform, now); // there was one until this orchestrator started
        }
        var memory = asking.computeIfAbsent(platform, _ -> new Asking(now, 0));
        boolean clockWentBack = memory.next.isAfter(now.plus(AGAIN));
        if (now.isBefore(memory.next) && !clockWentBack) {
            return false;
        }
        if (memory.unanswered >= PATIENCE) {
            var why = "the keeper of the permits of site " + permit.getSite() + " has not answered for "
                    + AGAIN.multipliedBy(PATIENCE).toSeconds()
                    + " s, so its limit is disregarded: look at the health of the orchestrators";
            var cause = queue.getFirst().getIncidentId();
            history.add(platform, cause, new SiteLimitDisregarded(permit.getSite(), permit.getRollbackId(), why), now);
            say(permit.getSite(), platform, permit.getRollbackId(), new TakePermit(), now);
            return granted(platform, now);
        }
        if (memory.unanswered > 0) {
            memory.answer = null;
            postponements.unanswered(permit, queue.getFirst(), now);
        }
        memory.unanswered++;
        memory.next = now.plus(AGAIN);
        say(permit.getSite(), platform, permit.getRollbackId(), new AskForPermit(), now);
        return false;
    }

    /** Brokers that do not answer are no keeper that does not: else all that wait would begin at once when they are back. */
    void forgetSilence() {
        asking.values().forEach(memory -> memory.unanswered = 0);
    }

    /** What it was for has ended: what is next at the platform asks anew, after those that wait already. */
    void returnUsed(String platform, Instant now) {
        var permit = store.hasPermits() ? store.platform(platform).getPermit() : null;
        var live = store.live(platform);
        if (permit != null
                && permit.getState() == PermitState.USED
                && (live == null || !Permits.isUsedBy(live.rollback))) {
            giveBack(platform, permit, now);
        }
    }

    /** An operator does not want it. */
    void giveUp(String platform, Instant now) {
        var permit = store.platform(platform).getPermit();
        if (permit != null) {
            giveBack(platform, permit, now);
        }
    }

    /** Platforms that have a permit, or may need one. */
    List<String> concerned() {
        var live = limits.any() ? store.live() : List.<SagaStore.Live>of();
        return Stream.of(
                        store.permits().stream(),
                        store.forgotten().stream(),
                        live.stream().map(it -> it.rollback.plan().getPlatform()))
                .flatMap(names -> names)
                .distinct()
                .toList();
    }

    /** Whether what has just begun runs instead of what waited for a permit. */
    boolean isOvertaken(String platform) {
        if (!store.hasPermits()) {
            return false;
        }
        var live = store.live(platform);
        var permit = store.platform(platform).getPermit();
        return live != null
                && permit != null
                && permit.getState() != PermitState.USED
                && Permits.isFor(live.rollback.plan())
                && !live.rollback.id().equals(permit.getRollbackId());
    }

    /** What runs takes its permit, what does not need it returns it, and what nobody wants any more is not waited for. */
    void settle(String platform, Instant now) {
        if (!limits.any() && !store.hasPermits()) {
            return;
        }
        var state = store.platform(platform);
        var permit = state.getPermit();
        var live = store.live(platform);
        if (live != null && Permits.isUsedBy(live.rollback)) {
            if (permit == null) {
                take(platform, live, now);
            } else if (permit.getState() != PermitState.USED) {
                use(platform, permit, live, now);
            }
        } else if (permit != null) {
            boolean nothingCameOfIt = permit.getState() == PermitState.GRANTED && live == null;
            // What waits for people now takes a permit when it goes on; until it has ended nothing else begins here.
            boolean isInTheWay = live != null && Permits.isFor(live.rollback.plan());
            if (permit.getState() == PermitState.USED || nothingCameOfIt || isInTheWay || !Permits.isWanted(state)) {
                giveBack(platform, permit, now);
            }
        }
    }

    private void take(String platform, SagaStore.Live live, Instant now) {
        var site = live.rollback.plan().getSite();
        if (limits.of(site).isPresent()) {
            taken(platform, site, live, now);
        }
    }

    private void taken(String platform, String site, SagaStore.Live live, Instant now) {
        put(
                platform,
                PlatformPermit.newBuilder()
                        .setSite(site)
                        .setRollbackId(live.rollback.id())
                        .setState(PermitState.USED)
                        .setSince(now)
                        .build());
        say(site, platform, live.rollback.id(), new TakePermit(), now);
    }

    private void use(String platform, PlatformPermit permit, SagaStore.Live live, Instant now) {
        asking.remove(platform);
        if (live.rollback.id().equals(permit.getRollbackId())) {
            put(
                    platform,
                    PlatformPermit.newBuilder(permit).setState(PermitState.USED).build());
            return;
        }
        postponements.neverBegan(platform, permit, live.rollback.id() + " was started instead", now);
        taken(platform, permit.getSite(), live, now);
    }

    private void giveBack(String platform, PlatformPermit permit, Instant now) {
        asking.remove(platform);
        if (permit.getState() != PermitState.USED) {
            postponements.neverBegan(
                    platform,
                    permit,
                    "nothing is to be started any more: rollbackctl history --platform " + platform,
                    now);
        }
        store.put(Permits.with(store.platform(platform), null));
        say(permit.getSite(), platform, permit.getRollbackId(), new ReturnPermit(), now);
    }

    private void put(String platform, PlatformPermit permit) {
        store.put(Permits.with(store.platform(platform), permit));
    }

    private void say(String site, String platform, String rollbackId, SpecificRecord what, Instant now) {
        publisher.somebodyWaits();
        publisher.site(new SiteRequest(site, platform, rollbackId, now, what), now);
    }
}
