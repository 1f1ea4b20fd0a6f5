package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Chronicle.Found;
import io.freedom.rollback.ctl.report.Report.Losses;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.action.ContainerDataReplaced;
import io.freedom.rollback.schemas.action.DatabaseChecked;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DatabaseSealed;
import io.freedom.rollback.schemas.action.ReplacedRowsCounted;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.action.VolumesRemoved;
import io.freedom.rollback.schemas.step.PlanStep;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What became of committed data, as the steps' results tell. What they do not tell is not known. */
final class DataLoss {
    private static final String KEPT = "No committed data was given up";
    private static final String NOT_KNOWN = "Not known";
    private static final String MISSED = "; the RPO is missed by ";

    private final Chronicle chronicle;
    private final Words words;
    private final List<String> evidence = new ArrayList<>();

    DataLoss(Chronicle chronicle, Words words) {
        this.chronicle = chronicle;
        this.words = words;
    }

    Losses losses() {
        var recoveryPoint = recoveryPoint();
        var target = objective().isZero() ? "none set" : Texts.limit(objective().toMillis());
        return new Losses(mark(recoveryPoint), target, recoveryPoint, evidence, new GivenUp(chronicle, words).lines());
    }

    private static Mark mark(String recoveryPoint) {
        if (recoveryPoint.contains(MISSED)) {
            return Mark.BAD;
        }
        return recoveryPoint.startsWith(NOT_KNOWN)
                ? Mark.UNKNOWN
                : recoveryPoint.startsWith(KEPT) ? Mark.GOOD : Mark.NONE;
    }

    private String recoveryPoint() {
        for (var step : chronicle.plan().getSteps()) {
            boolean begun = !chronicle.attempts(step.getId(), false).isEmpty();
            if (begun && DataEffect.of(step) == DataEffect.UNKNOWN) {
                return NOT_KNOWN + ": this release cannot tell what \"" + step.getTitle() + "\" does to committed data";
            }
        }
        var removed = chronicle
                .last(VolumesRemoved.class)
                .filter(found -> !found.result().getVolumes().isEmpty());
        if (removed.isPresent() && chronicle.wasUndone(removed.get().step().getId())) {
            return KEPT + ": the volumes were brought back with what was in them";
        }
        var restored = chronicle.last(DatabaseRestored.class);
        if (restored.isPresent()) {
            return chronicle.wasUndone(restored.get().step().getId())
                    ? KEPT + ": the restored database was taken out again, the previous one is live"
                    : restored(restored.get());
        }
        var replaced = chronicle.found(ContainerDataReplaced.class).stream()
                .filter(found -> DataEffect.of(found.step()) == DataEffect.REPLACES)
                .toList();
        if (!replaced.isEmpty()) {
            return replaced.stream().allMatch(found -> wasCopiedBack(found.step()))
                    ? KEPT + ": the previous data of containers were put back"
                    : "Data of containers were replaced: what was written there since the restore point is in copies of "
                            + words.moment(lastCommit(null));
        }
        return removed.isPresent() ? begunAnew(removed.get()) : nothingRestored();
    }

    /** What undoes the replacing of containers' data belongs to the step that took the copy. */
    private boolean wasCopiedBack(PlanStep step) {
        return chronicle.wasUndone(step.getId().replace("replace-data", "data"));
    }

    private String begunAnew(Found<VolumesRemoved> removed) {
        chronicle
                .last(DatabaseSealed.class)
                .ifPresent(seal -> evidence.add(
                        Words.count(rows(seal.result().getTables()), "rows") + " when the last writer had stopped"));
        return "The volumes " + Words.list(removed.result().getVolumes(), 10)
                + " were removed and nothing was restored:" + " what was committed until "
                + words.moment(lastCommit(null)) + " is only in their copies";
    }

    /** Also where a restore was planned. */
    private String nothingRestored() {
        for (var step : chronicle.plan().getSteps()) {
            boolean begun = !chronicle.attempts(step.getId(), false).isEmpty();
            if (begun && DataEffect.of(step) == DataEffect.REPLACES && !wasCopiedBack(step)) {
                return chronicle.finished().isPresent()
                        ? NOT_KNOWN + ": \"" + step.getTitle() + "\" was begun, and neither completed nor undone"
                        : NOT_KNOWN + " yet: \"" + step.getTitle() + "\" is under way";
            }
        }
        compareWithLiveRows();
        var toCome = chronicle.plan().getSteps().stream()
                .filter(step -> DataEffect.of(step) != DataEffect.KEEPS)
                .map(PlanStep::getTitle)
                .findFirst();
        return toCome.isPresent() && chronicle.finished().isEmpty() && !chronicle.isStopping()
                ? KEPT + " so far; \"" + toCome.get() + "\" is still to come"
                : KEPT + ": nothing was restored";
    }

    private void compareWithLiveRows() {
        var sealed = chronicle.last(DatabaseSealed.class);
        var checked = chronicle.last(DatabaseChecked.class);
        if (sealed.isPresent() && checked.isPresent()) {
            var before = sealed.get().result().getTables();
            evidence.add(Words.count(rows(before), "rows") + " in " + Words.count(before.size(), "tables")
                    + " when the last writer had stopped; "
                    + Words.count(rows(checked.get().result().getTables()), "rows")
                    + " when they were counted again at "
                    + words.moment(checked.get().at()));
        }
    }

    private String restored(Found<DatabaseRestored> restored) {
        var sealed = chronicle.last(DatabaseSealed.class);
        compareWithReplaced(restored.result(), sealed.map(Found::result));
        var taken = takenAt();
        if (taken == null) {
            return NOT_KNOWN
                    + ": the database was restored, but the history does not tell when its restore point was taken";
        }
        var until = lastCommit(sealed.map(Found::at).orElse(null));
        return "The database was restored from "
                + Path.of(String.valueOf(chronicle.plan().getRestorePoint())).getFileName() + ", taken "
                + words.moment(taken)
                + ": what was committed in the " + Texts.span(Duration.between(taken, until)) + " until "
                + words.moment(until) + " is not in it" + verdict(Duration.between(taken, until));
    }

    /** With what was counted in the replaced databases themselves; else with what the platform's had when it was sealed. */
    private void compareWithReplaced(DatabaseRestored restored, Optional<DatabaseSealed> sealed) {
        var replaced = chronicle.last(ReplacedRowsCounted.class).map(Found::result);
        var lost = new ArrayList<String>();
        if (replaced.isPresent()) {
            lost.addAll(lost(replaced.get(), restored));
        } else if (sealed.isPresent()) {
            lost.addAll(difference(sealed.get().getTables(), restored.getTables()));
        } else {
            evidence.add("How many rows that are is not known: those of the replaced database were not counted");
            return;
        }
        evidence.add(
                lost.isEmpty()
                        ? "Row counts before and after the restore are equal"
                        : "Rows before and after the restore: " + Words.list(lost, 20));
    }

    private static List<String> lost(ReplacedRowsCounted replaced, DatabaseRestored restored) {
        var others = new TreeMap<String, List<TableRows>>();
        restored.getOthers().forEach(other -> others.put(other.getName(), other.getTables()));
        var lost = new ArrayList<String>();
        for (var before : replaced.getDatabases()) {
            boolean isPlatforms = before.equals(replaced.getDatabases().getFirst());
            var after = isPlatforms ? restored.getTables() : others.getOrDefault(before.getName(), List.of());
            difference(before.getTables(), after)
                    .forEach(table -> lost.add(isPlatforms ? table : before.getName() + ": " + table));
        }
        return lost;
    }

    /** Writers were stopped then at the latest. */
    private Instant lastCommit(@Nullable Instant sealedAt) {
        var down = chronicle.downSince();
        if (sealedAt != null) {
            return sealedAt;
        }
        return down == null ? chronicle.end() : down;
    }

    private String verdict(Duration lost) {
        var left = objective().minus(lost);
        if (objective().isZero()) {
            return "";
        }
        return left.isNegative() ? MISSED + Texts.span(left.negated()) : "; the RPO is met";
    }

    private Duration objective() {
        return Duration.ofMillis(chronicle.plan().getRpo());
    }

    /** Null where the history does not tell. */
    private @Nullable Instant takenAt() {
        var planned = chronicle.plan().getRestorePointTakenAt();
        return planned == null
                ? restorePoint().map(RestorePointVerified::getTakenAt).orElse(null)
                : planned;
    }

    private Optional<RestorePointVerified> restorePoint() {
        var used = chronicle.plan().getRestorePoint();
        return chronicle.found(RestorePointVerified.class).stream()
                .map(Found::result)
                .filter(point -> point.getDirectory().equals(used)
                        || point.getRestorePointId().equals(used))
                .findFirst();
    }

    private static long rows(List<TableRows> tables) {
        return tables.stream().mapToLong(TableRows::getRows).sum();
    }

    private static List<String> difference(List<TableRows> before, List<TableRows> after) {
        var counts = new TreeMap<String, String>();
        var had = new TreeMap<String, Long>();
        before.forEach(table -> had.put(table.getSchema$() + "." + table.getTable(), table.getRows()));
        var has = new TreeMap<String, Long>();
        after.forEach(table -> has.put(table.getSchema$() + "." + table.getTable(), table.getRows()));
        had.forEach((table, rows) -> {
            var now = has.get(table);
            if (now == null) {
                counts.put(table, table + " " + rows + " → no such table");
            } else if (!now.equals(rows)) {
                counts.put(table, table + " " + rows + " → " + now);
            }
        });
        has.forEach((table, rows) -> {
            if (!had.containsKey(table)) {
                counts.put(table, table + " no such table → " + rows);
            }
        });
        return List.copyOf(counts.values());
    }
}
