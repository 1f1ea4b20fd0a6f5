package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.platform.AutomaticPolicy;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.state.AnsweredIncident;
import io.freedom.rollback.schemas.state.PlatformState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An alert that fires again and again after the rollback that answered it is not mended by another one. */
final class Brake {
    private Brake() {}

    /** Why an incident starts nothing unasked, and what to do. */
    static Optional<String> of(PlatformState state, AutomaticPolicy policy, Incident incident, Instant now) {
        var unattended = state.getIncidents().stream()
                .filter(answered -> answered.getAt().isAfter(state.getAttendedAt()))
                .toList();
        var recent = unattended.stream()
                .filter(answered -> answered.getAt().isAfter(now.minus(policy.within())))
                .toList();
        var same = rollbacks(series(
                unattended.stream()
                        .filter(answered -> Platforms.fingerprint(answered).equals(incident.getFingerprint()))
                        .toList(),
                policy,
                now));
        var all = rollbacks(recent);
        if (same.size() >= policy.perAlert()) {
            return Optional.of(reason("this alert has", same, policy, state.getPlatform()));
        }
        return all.size() >= policy.perPlatform()
                ? Optional.of(reason("alerts have", all, policy, state.getPlatform()))
                : Optional.empty();
    }

    /** The newest of them, as far as each comes soon after the one before: slow flapping is flapping, too. */
    private static List<AnsweredIncident> series(List<AnsweredIncident> answered, AutomaticPolicy policy, Instant now) {
        var series = new ArrayList<AnsweredIncident>();
        var next = now;
        for (var one : answered.reversed()) {
            if (!one.getAt().isAfter(next.minus(policy.within()))) {
                break;
            }
            series.addFirst(one);
            next = one.getAt();
        }
        return series;
    }

    private static List<String> rollbacks(List<AnsweredIncident> answered) {
        return answered.stream().map(AnsweredIncident::getRollbackId).distinct().toList();
    }

    private static String reason(String who, List<String> rollbacks, AutomaticPolicy policy, String platform) {
        return "%s led to %d rollbacks of %s within %d min of each other (%s), and one more would not help: alerts start nothing until one that you start has succeeded, with `rollbackctl start %s --reason …`"
                .formatted(
                        who,
                        rollbacks.size(),
                        platform,
                        policy.within().toMinutes(),
                        String.join(", ", rollbacks),
                        platform);
    }
}
