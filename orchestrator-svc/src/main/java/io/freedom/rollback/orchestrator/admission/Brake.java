package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.platform.AutomaticPolicy;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.state.AnsweredIncident;
import io.freedom.rollback.schemas.state.PlatformState;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** An alert that fires again and again after the rollback that answered it is not mended by another one. */
final class Brake {
    private Brake() {}

    /** Why an incident starts nothing unasked, and what to do. */
    static Optional<String> of(PlatformState state, AutomaticPolicy policy, Incident incident, Instant now) {
        var recent = state.getIncidents().stream()
                .filter(answered -> answered.getAt().isAfter(now.minus(policy.within()))
                        && answered.getAt().isAfter(state.getAttendedAt()))
                .toList();
        var same = rollbacks(
                recent.stream().filter(answered -> fingerprint(answered).equals(incident.getFingerprint())));
        var all = rollbacks(recent.stream());
        if (same.size() >= policy.perAlert()) {
            return Optional.of(reason("this alert has", same, policy, state.getPlatform()));
        }
        return all.size() >= policy.perPlatform()
                ? Optional.of(reason("alerts have", all, policy, state.getPlatform()))
                : Optional.empty();
    }

    private static String fingerprint(AnsweredIncident answered) {
        return answered.getKey().substring(0, answered.getKey().lastIndexOf('@'));
    }

    private static List<String> rollbacks(Stream<AnsweredIncident> answered) {
        return answered.map(AnsweredIncident::getRollbackId).distinct().toList();
    }

    private static String reason(String who, List<String> rollbacks, AutomaticPolicy policy, String platform) {
        return "%s led to %d rollbacks of %s within %d min (%s), and one more would not help: alerts start nothing until one that you start has succeeded, with `rollbackctl start %s --reason …`"
                .formatted(
                        who,
                        rollbacks.size(),
                        platform,
                        policy.within().toMinutes(),
                        String.join(", ", rollbacks),
                        platform);
    }
}
