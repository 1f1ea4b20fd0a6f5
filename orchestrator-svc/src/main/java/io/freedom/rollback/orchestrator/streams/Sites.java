package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.schemas.site.PermitAwaited;
import io.freedom.rollback.schemas.site.PermitGranted;
import io.freedom.rollback.schemas.site.PermitHolder;
import io.freedom.rollback.schemas.site.PermitQuestioned;
import io.freedom.rollback.schemas.site.SitePermit;
import io.freedom.rollback.schemas.site.SiteRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** The permits of sites, and who waits for them in the order of asking. The store is the truth; what is in memory makes it quick. */
final class Sites {
    /** How often those are asked that have one while others wait: what was to return it may have been lost with an orchestrator. */
    static final Duration QUESTION = Duration.ofMinutes(1);

    private static final int NAMED = 10;

    /** Tells a platform something. */
    interface Answers {
        void tell(SitePermit permit, SpecificRecord what);
    }

    private static final class Site {
        final String name;
        /** By order of asking. */
        final TreeMap<Long, SitePermit> waiting = new TreeMap<>();
        /** By platform. */
        final Map<String, SitePermit> held = new LinkedHashMap<>();
        /** By platform. */
        final Map<String, SitePermit> all = new HashMap<>();

        Instant questioned = Instant.EPOCH;
        long last;

        Site(String name) {
            this.name = name;
        }

        void put(SitePermit permit) {
            remove(permit.getPlatform());
            all.put(permit.getPlatform(), permit);
            last = Math.max(last, permit.getNumber());
            if (permit.getHeld()) {
                held.put(permit.getPlatform(), permit);
            } else {
                waiting.put(permit.getNumber(), permit);
            }
        }

        void remove(String platform) {
            var known = all.remove(platform);
            if (known != null) {
                held.remove(platform);
                waiting.remove(known.getNumber());
            }
        }
    }

    private final KeyValueStore<String, SitePermit> store;
    private final SiteLimits limits;
    private final Answers answers;
    private final Map<String, Site> sites = new HashMap<>();

    Sites(KeyValueStore<String, SitePermit> store, SiteLimits limits, Answers answers) {
        this.store = store;
        this.limits = limits;
        this.answers = answers;
        try (var all = store.all()) {
            all.forEachRemaining(entry -> site(entry.value.getSite()).put(entry.value));
        }
    }

    private Site site(String name) {
        return sites.computeIfAbsent(name, Site::new);
    }

    private static String key(String site, String platform) {
        return site + "/" + platform;
    }

    void ask(SiteRequest request, Instant now) {
        var site = site(request.getSite());
        var known = site.all.get(request.getPlatform());
        if (known != null && known.getRollbackId().equals(request.getRollbackId())) {
            if (known.getHeld()) {
                answers.tell(known, new PermitGranted(site.name)); // the answer was lost with an orchestrator
                return;
            }
        } else if (known != null && !known.getHeld()) {
            put(site, permit(request, false, known.getNumber(), now)); // it waits, and keeps its place
        } else {
            put(site, permit(request, false, site.last + 1, now)); // where it has one, what that was for is over
        }
        grant(site, now);
        var asked = site.all.get(request.getPlatform());
        if (asked != null && !asked.getHeld()) {
            answers.tell(asked, place(site, asked));
        }
    }

    /** Whatever the limit is: it has begun. */
    void take(SiteRequest request, Instant now) {
        var site = site(request.getSite());
        var known = site.all.get(request.getPlatform());
        put(site, permit(request, true, known == null ? site.last + 1 : known.getNumber(), now));
        grant(site, now);
    }

    /** Only of what it has: what comes late, or twice, returns nothing that was given since. */
    void giveBack(SiteRequest request, Instant now) {
        var site = site(request.getSite());
        var known = site.all.get(request.getPlatform());
        if (known != null && known.getRollbackId().equals(request.getRollbackId())) {
            site.remove(request.getPlatform());
            store.delete(key(site.name, request.getPlatform()));
            grant(site, now);
        }
        if (site.all.isEmpty()) {
            sites.remove(site.name);
        }
    }

    /** Costs nothing where nobody waits. */
    void tick(Instant now) {
        for (var site : sites.values()) {
            grant(site, now);
            boolean clockWentBack = site.questioned.isAfter(now);
            if (!site.waiting.isEmpty()
                    && (clockWentBack || !site.questioned.plus(QUESTION).isAfter(now))) {
                site.questioned = now;
                site.held.values().forEach(permit -> answers.tell(permit, new PermitQuestioned(site.name)));
            }
        }
    }

    private void grant(Site site, Instant now) {
        var limit = limits.of(site.name);
        while (!site.waiting.isEmpty() && (limit.isEmpty() || site.held.size() < limit.getAsInt())) {
            var next = SitePermit.newBuilder(site.waiting.firstEntry().getValue())
                    .setHeld(true)
                    .setSince(now)
                    .build();
            put(site, next);
            answers.tell(next, new PermitGranted(site.name));
        }
    }

    private void put(Site site, SitePermit permit) {
        site.put(permit);
        store.put(key(site.name, permit.getPlatform()), permit);
    }

    private static SitePermit permit(SiteRequest request, boolean held, long number, Instant now) {
        return SitePermit.newBuilder()
                .setSite(request.getSite())
                .setPlatform(request.getPlatform())
                .setRollbackId(request.getRollbackId())
                .setHeld(held)
                .setNumber(number)
                .setSince(now)
                .build();
    }

    private PermitAwaited place(Site site, SitePermit permit) {
        return new PermitAwaited(
                site.name,
                site.waiting.headMap(permit.getNumber()).size() + 1,
                site.waiting.size(),
                limits.of(site.name).orElse(0),
                site.held.size(),
                site.held.values().stream()
                        .limit(NAMED)
                        .map(holder ->
                                new PermitHolder(holder.getPlatform(), holder.getRollbackId(), holder.getSince()))
                        .toList());
    }

    /** What a platform has at its site; null for nothing. */
    @Nullable
    SitePermit of(String site, String platform) {
        var known = sites.get(site);
        return known == null ? null : known.all.get(platform);
    }
}
