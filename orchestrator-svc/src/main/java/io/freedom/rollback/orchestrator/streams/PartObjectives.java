package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.WalArchives;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.history.RpoAtRisk;
import io.freedom.rollback.schemas.state.LogLooks;
import io.freedom.rollback.schemas.state.PartObjective;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How old what is kept of each part of a platform may become: by the descriptor of the database, by the runbook of the others. Of the database people are
 * told by {@link Schedules}.
 */
final class PartObjectives {
    static final String DATABASE = "database";
    /** With the data of containers: both are in restore points alone. */
    static final String MODELS = "models";

    static final String LOGS = "logs";
    static final String CONFIGURATION = "configuration";

    private static final Duration MODELS_RPO = Duration.ofHours(24);
    private static final Duration LOGS_RPO = Duration.ofHours(1);
    /** Longer than it takes to restart a worker: that is no news. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private PartObjectives() {}

    /**
     * @param every how often it is kept; null where people are not told by this
     * @param reach what was there until then is kept; empty for nothing
     */
    private record Part(String name, Duration rpo, @Nullable Duration every, Optional<Instant> reach) {
        /** With a fifth of the objective left; where it is kept more seldom than that, once that is overdue. */
        long limit() {
            if (every == null) {
                return 0;
            }
            var overdue = longer(every.multipliedBy(6).dividedBy(5), every.plus(PATIENCE));
            return longer(rpo.multipliedBy(4).dividedBy(5), overdue).toMillis();
        }

        PartObjective objective(@Nullable PartObjective known, Instant now) {
            var from = reach.orElse(known == null ? now : known.getReach());
            boolean same = known != null
                    && known.getReach().equals(from)
                    && known.getLimit() == limit()
                    && known.getRpo() == rpo.toMillis();
            return same && known != null
                    ? known
                    : new PartObjective(
                            name, from, rpo.toMillis(), limit(), every == null ? null : from.plusMillis(limit()));
        }
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    /** With what is kept now: who was told is told again only of something newer that grows old. */
    static PlatformState watched(PlatformState state, Optional<PlatformDescriptor> platform, Instant now) {
        var parts = platform.map(known -> parts(state, known)).orElse(List.of()).stream()
                .map(part -> part.objective(known(state, part.name()), now))
                .toList();
        return parts.equals(state.getParts())
                ? state
                : PlatformState.newBuilder(state).setParts(parts).build();
    }

    private static @Nullable PartObjective known(PlatformState state, String part) {
        return state.getParts().stream()
                .filter(known -> known.getPart().equals(part))
                .findFirst()
                .orElse(null);
    }

    private static List<Part> parts(PlatformState state, PlatformDescriptor platform) {
        var backups = platform.backups();
        var parts = new ArrayList<Part>();
        if (platform.database() != null) {
            var archived = backups.wal() == null ? Optional.<Instant>empty() : WalArchives.reach(state.getArchive());
            var reach = Stream.concat(
                            archived.stream(), Platforms.offered(state).stream().map(RestorePoint::getTakenAt))
                    .max(Comparator.naturalOrder());
            parts.add(new Part(DATABASE, platform.rpo(), null, reach));
        }
        if (!platform.models().isEmpty() || !platform.containerData().isEmpty()) {
            var reach = Platforms.withFiles(state).map(RestorePoint::getTakenAt);
            parts.add(new Part(MODELS, MODELS_RPO, backups.every(), reach));
        }
        if (backups.logs() != null) {
            parts.add(new Part(LOGS, LOGS_RPO, backups.logs().every(), until(state.getLogs())));
        }
        if (backups.configuration() != null) {
            var every = backups.configuration().every();
            parts.add(new Part(CONFIGURATION, Duration.ZERO, every, until(state.getConfiguration())));
        }
        return parts;
    }

    private static Optional<Instant> until(@Nullable LogLooks looks) {
        return Optional.ofNullable(looks).map(LogLooks::getUntil);
    }

    /** When people are to be told of one, at the earliest; empty for never. */
    static Optional<Instant> next(PlatformState state) {
        return state.getParts().stream()
                .flatMap(part -> Optional.ofNullable(part.getAt()).stream())
                .min(Comparator.naturalOrder());
    }

    /** Those of which people are to be told. */
    static List<RpoAtRisk> atRisk(PlatformState state, PlatformDescriptor platform, Instant now) {
        return parts(state, platform).stream()
                .filter(part -> isDue(known(state, part.name()), now))
                .map(part -> risk(part, state))
                .toList();
    }

    private static boolean isDue(@Nullable PartObjective part, Instant now) {
        return part != null && part.getAt() != null && part.getAt().isBefore(now);
    }

    private static RpoAtRisk risk(Part part, PlatformState state) {
        var newest = part.name().equals(MODELS) ? Platforms.withFiles(state) : Optional.<RestorePoint>empty();
        return new RpoAtRisk(
                newest.map(RestorePoint::getId).orElse(null),
                part.reach().orElse(null),
                part.rpo().toMillis(),
                part.reach().map(from -> from.plus(part.rpo())).orElse(null),
                part.name());
    }

    /** After people were told. */
    static PlatformState told(PlatformState state, Instant now) {
        var parts = state.getParts().stream()
                .map(part -> isDue(part, now)
                        ? PartObjective.newBuilder(part).setAt(null).build()
                        : part)
                .toList();
        return PlatformState.newBuilder(state).setParts(parts).build();
    }
}
