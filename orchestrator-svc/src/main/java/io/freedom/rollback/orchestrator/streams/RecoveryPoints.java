package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.WalArchives;
import io.freedom.rollback.schemas.state.LogLooks;
import io.freedom.rollback.schemas.state.PartObjective;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.state.StoredWal;
import io.freedom.rollback.schemas.state.WalProofs;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How old what could be restored is, as metrics of this process: {@code rollback.restore.point.age},
 * {@code rollback.restore.point.proven.age}, {@code rollback.store.age}, {@code rollback.store.wal.age}, {@code rollback.wal.archive.age},
 * {@code rollback.wal.archive.proven.age}, {@code rollback.logs.age} and {@code rollback.configuration.age}, in seconds, by platform; {@code rollback.rpo.left} by
 * platform and part. Not a number where there is none, and for platforms that
 * another instance looks after. Shared by all threads.
 */
public final class RecoveryPoints implements MeterBinder {
    private final InstantSource clock;
    private final Map<String, List<RestorePoint>> offered = new ConcurrentHashMap<>();
    private final Map<String, Instant> archived = new ConcurrentHashMap<>();
    private final Map<String, Set<String>> stored = new ConcurrentHashMap<>();
    private final Map<String, Instant> storedWal = new ConcurrentHashMap<>();
    private final Map<String, Instant> recovered = new ConcurrentHashMap<>();
    private final Map<String, Instant> logged = new ConcurrentHashMap<>();
    private final Map<String, Instant> configured = new ConcurrentHashMap<>();
    private final Map<String, List<PartObjective>> parts = new ConcurrentHashMap<>();
    private final Set<String> measuredParts = ConcurrentHashMap.newKeySet();
    private final Set<String> measured = ConcurrentHashMap.newKeySet();
    private volatile @Nullable MeterRegistry registry;

    public RecoveryPoints(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public void bindTo(MeterRegistry meters) {
        registry = meters;
        offered.keySet().forEach(this::measure);
        parts.forEach(this::measure);
    }

    void note(PlatformState state) {
        offered.put(state.getPlatform(), Platforms.offered(state));
        note(archived, state.getPlatform(), WalArchives.covered(state.getArchive()));
        note(
                storedWal,
                state.getPlatform(),
                Optional.ofNullable(state.getStoredWal()).map(StoredWal::getUntil));
        note(
                recovered,
                state.getPlatform(),
                Optional.ofNullable(state.getWalProofs()).map(WalProofs::getProvenAt));
        note(logged, state.getPlatform(), until(state.getLogs()));
        parts.put(state.getPlatform(), List.copyOf(state.getParts()));
        measure(state.getPlatform(), state.getParts());
        note(configured, state.getPlatform(), until(state.getConfiguration()));
        var copies = state.getCopies();
        stored.put(state.getPlatform(), copies == null ? Set.of() : Set.copyOf(copies.getStored()));
        measure(state.getPlatform());
    }

    private static Optional<Instant> until(@Nullable LogLooks looks) {
        return Optional.ofNullable(looks).map(LogLooks::getUntil);
    }

    private static void note(Map<String, Instant> times, String platform, Optional<Instant> until) {
        until.ifPresentOrElse(time -> times.put(platform, time), () -> times.remove(platform));
    }

    /** Another instance looks after it now. */
    void forget(String platform) {
        offered.remove(platform);
        archived.remove(platform);
        stored.remove(platform);
        storedWal.remove(platform);
        recovered.remove(platform);
        parts.remove(platform);
        logged.remove(platform);
        configured.remove(platform);
    }

    private void measure(String platform) {
        var meters = registry;
        if (meters != null && measured.add(platform)) {
            gauge(
                    meters,
                    "rollback.wal.archive.age",
                    "since all that was committed was archived",
                    platform,
                    () -> age(archived, platform));
            gauge(
                    meters,
                    "rollback.wal.archive.proven.age",
                    "since a server was last recovered from the WAL archive to prove it",
                    platform,
                    () -> age(recovered, platform));
            gauge(
                    meters,
                    "rollback.store.wal.age",
                    "since all that was committed was in the store",
                    platform,
                    () -> age(storedWal, platform));
            gauge(
                    meters,
                    "rollback.logs.age",
                    "since all that was logged was kept",
                    platform,
                    () -> age(logged, platform));
            gauge(
                    meters,
                    "rollback.configuration.age",
                    "since all changes of the configuration were recorded",
                    platform,
                    () -> age(configured, platform));
            gauge(
                    meters,
                    "rollback.restore.point.age",
                    "of the newest that can be restored",
                    platform,
                    () -> age(platform, RestorePoint::getTakenAt));
            gauge(
                    meters,
                    "rollback.restore.point.proven.age",
                    "since one was last restored to prove it",
                    platform,
                    () -> age(platform, RestorePoint::getProvenAt));
            gauge(
                    meters,
                    "rollback.store.age",
                    "of the newest that can be restored and is in the store",
                    platform,
                    () -> age(
                            platform,
                            point -> stored.getOrDefault(platform, Set.of()).contains(point.getId())
                                    ? point.getTakenAt()
                                    : null));
        }
    }

    private void measure(String platform, List<PartObjective> known) {
        var meters = registry;
        if (meters == null) {
            return;
        }
        for (var objective : known) {
            var part = objective.getPart();
            if (measuredParts.add(platform + "/" + part)) {
                Gauge.builder("rollback.rpo.left", () -> left(platform, part))
                        .description("until a restore of that part misses its objective; negative once it does")
                        .baseUnit("seconds")
                        .tag("platform", platform)
                        .tag("part", part)
                        .register(meters);
            }
        }
    }

    private double left(String platform, String part) {
        return parts.getOrDefault(platform, List.of()).stream()
                .filter(known -> known.getPart().equals(part))
                .findFirst()
                .map(known -> known.getReach().plusMillis(known.getRpo()))
                .map(missed -> Duration.between(clock.instant(), missed).toMillis() / 1000.0)
                .orElse(Double.NaN);
    }

    private static void gauge(
            MeterRegistry meters, String name, String description, String platform, Supplier<Number> age) {
        Gauge.builder(name, age)
                .description(description)
                .baseUnit("seconds")
                .tag("platform", platform)
                .register(meters);
    }

    private double age(Map<String, Instant> times, String platform) {
        var until = times.get(platform);
        return until == null
                ? Double.NaN
                : Duration.between(until, clock.instant()).toMillis() / 1000.0;
    }

    private double age(String platform, Function<RestorePoint, @Nullable Instant> time) {
        return offered.getOrDefault(platform, List.of()).stream()
                .map(time)
                .filter(Objects::nonNull)
                .max(Instant::compareTo)
                .map(newest -> Duration.between(newest, clock.instant()).toMillis() / 1000.0)
                .orElse(Double.NaN);
    }
}
