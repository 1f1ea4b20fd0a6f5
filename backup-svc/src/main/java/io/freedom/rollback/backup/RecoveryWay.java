package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where recovery to a moment begins and ends.
 *
 * @param target settings of the server that say where it ends; empty for where the WAL does
 * @param moment that was asked for; null where it was none
 */
record RecoveryWay(
        WalRun run,
        WalBase base,
        WalCovered covered,
        List<String> target,
        @Nullable Instant moment) {
    static final String LATEST = "latest";
    private static final String POSITION = "lsn:";
    /** While settings are read, the server knows no names of time zones, not even Z. */
    private static final DateTimeFormatter SETTING = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd HH:mm:ss.SSSSSSx", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    RecoveryWay {
        target = List.copyOf(target);
    }

    static StepFailure nothing(WalArchive archive) {
        return new StepFailure(
                FailureKind.PRECONDITION,
                "there is no WAL archive in " + archive.root()
                        + " that anything can be derived from yet (`backups.wal` of the descriptor begins one): choose a restore point");
    }

    static RecoveryWay find(WalArchive archive, String asked) throws IOException, StepFailure {
        return find(archive, asked, Set.of());
    }

    /** @param unusable base backups that nothing is to begin from, nor from those that are incremental to them */
    static RecoveryWay find(WalArchive archive, String asked, Set<WalBase> unusable) throws IOException, StepFailure {
        var windows = new ArrayList<String>();
        Optional<RecoveryWay> found = Optional.empty();
        for (var run : archive.runs().reversed()) {
            var bases = usable(run, unusable);
            var covered = run.covered();
            if (bases.isEmpty()
                    || covered.isEmpty()
                    || covered.get().at().isBefore(bases.getFirst().at())) {
                continue;
            }
            var way = find(run, bases, covered.get(), asked);
            if (found.isEmpty()
                    || asked.equals(LATEST) && way.isPresent() && way.get().reaches(found.get())) {
                found = way;
            } else if (way.isPresent()
                    && !way.get()
                            .run()
                            .about()
                            .systemIdentifier()
                            .equals(found.get().run().about().systemIdentifier())
                    && asked.startsWith(POSITION)) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        asked + " is a position of two data directories, one after the other: name a time");
            }
            windows.add(
                    "from " + bases.getFirst().at() + " (" + bases.getFirst().endLsn() + ") to "
                            + covered.get().at() + " (" + covered.get().lsn() + ")");
        }
        if (found.isPresent()) {
            return found.get();
        }
        throw windows.isEmpty()
                ? nothing(archive)
                : new StepFailure(
                        FailureKind.PRECONDITION,
                        asked + " is not in the WAL archive, which reaches " + String.join(", and ", windows)
                                + ": choose a moment in it, latest where nobody has written since, or a restore point");
    }

    /** Whether it ends later. */
    boolean reaches(RecoveryWay other) {
        return covered.at().isAfter(other.covered.at());
    }

    private static List<WalBase> usable(WalRun run, Set<WalBase> unusable) throws IOException {
        var bases = new ArrayList<WalBase>();
        for (var base : run.beginnings()) {
            if (!unusable.contains(base) && Collections.disjoint(chain(run, base), unusable)) {
                bases.add(base);
            }
        }
        return bases;
    }

    /** That one is missing in it, whoever unpacks it notices. */
    private static List<WalBase> chain(WalRun run, WalBase base) throws IOException {
        try {
            return run.chain(base);
        } catch (DamagedException e) {
            return List.of(base);
        }
    }

    private static Optional<RecoveryWay> find(WalRun run, List<WalBase> bases, WalCovered covered, String asked)
            throws StepFailure {
        // One that was just taken may need what is not known to be archived.
        var usable = bases.reversed().stream()
                .filter(base -> base.end().compareTo(covered.position()) <= 0
                        && !base.at().isAfter(covered.at()))
                .toList();
        if (asked.equals(LATEST)) {
            return usable.stream().findFirst().map(base -> new RecoveryWay(run, base, covered, List.of(), null));
        }
        if (asked.startsWith(POSITION)) {
            var lsn = Lsn.of(asked.substring(POSITION.length())).orElseThrow(() -> unintelligible(asked));
            return covered.position().compareTo(lsn) < 0
                    ? Optional.empty()
                    : usable.stream()
                            .filter(base -> base.end().compareTo(lsn) <= 0)
                            .findFirst()
                            .map(base -> new RecoveryWay(
                                    run,
                                    base,
                                    covered,
                                    // What begins there is not in it.
                                    List.of("-crecovery_target_lsn=" + lsn, "-crecovery_target_inclusive=off"),
                                    null));
        }
        var moment = moment(asked);
        return covered.at().isBefore(moment)
                ? Optional.empty()
                : usable.stream()
                        .filter(base -> !base.at().isAfter(moment))
                        .findFirst()
                        .map(base -> new RecoveryWay(
                                run,
                                base,
                                covered,
                                List.of("-crecovery_target_time=" + SETTING.format(moment)),
                                moment));
    }

    private static Instant moment(String asked) throws StepFailure {
        try {
            return OffsetDateTime.parse(asked).toInstant();
        } catch (DateTimeParseException e) {
            throw unintelligible(asked);
        }
    }

    private static StepFailure unintelligible(String asked) {
        return new StepFailure(
                FailureKind.INVALID,
                "\"" + asked + "\" is no point in time: write latest, lsn:0/3016588 or 2026-11-26T09:11:06Z");
    }
}
