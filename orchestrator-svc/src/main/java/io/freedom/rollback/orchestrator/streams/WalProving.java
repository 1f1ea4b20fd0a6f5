package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Descriptors;
import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.platform.Backups;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.WalProofs;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** When a platform's WAL archive is recovered into a throwaway server by itself. */
final class WalProving {
    /** Until something can be recovered from. */
    private static final Duration SOON = Duration.ofMinutes(5);
    /** After it was first wanted: whoever registers a platform has other things to do with it. And after damage, which a base backup mends by then. */
    private static final Duration FIRST = Duration.ofHours(1);

    private WalProving() {}

    /** Empty where it is not to be. */
    static Optional<Duration> interval(PlatformState state) {
        return Descriptors.of(state)
                .filter(platform -> platform.database() != null)
                .map(PlatformDescriptor::backups)
                .filter(backups -> backups.wal() != null)
                .map(Backups::prove);
    }

    /** Counted from the last one. */
    static PlatformState planned(PlatformState state, Instant now) {
        var interval = interval(state);
        var known = state.getWalProofs();
        if (interval.isEmpty()) {
            return known == null ? state : next(state, null);
        }
        var last = known == null ? null : known.getProvenAt();
        return next(state, last == null ? now.plus(shorter(FIRST, interval.get())) : last.plus(interval.get()));
    }

    static PlatformState postponed(PlatformState state, Instant now) {
        return next(state, now.plus(SOON));
    }

    /** After damage was found; not where nobody wants it any more. */
    static PlatformState again(PlatformState state, Instant now) {
        return interval(state)
                .map(interval -> next(state, now.plus(shorter(FIRST, interval))))
                .orElse(state);
    }

    static PlatformState next(PlatformState state, @Nullable Instant at) {
        var known = state.getWalProofs();
        var proofs = known == null ? WalProofs.newBuilder() : WalProofs.newBuilder(known);
        return Platforms.provingWal(state, proofs.setNext(at).build());
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
