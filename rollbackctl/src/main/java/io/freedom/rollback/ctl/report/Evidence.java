package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.action.CheckEndToEnd;
import io.freedom.rollback.schemas.action.CheckModel;
import io.freedom.rollback.schemas.action.DatabaseChecked;
import io.freedom.rollback.schemas.action.HttpProbe;
import io.freedom.rollback.schemas.action.LogsScanned;
import io.freedom.rollback.schemas.action.MeasureUsage;
import io.freedom.rollback.schemas.action.ProbeHttp;
import io.freedom.rollback.schemas.action.ProbeOutcome;
import io.freedom.rollback.schemas.action.ProbesPassed;
import io.freedom.rollback.schemas.action.ServiceUsage;
import io.freedom.rollback.schemas.action.ServicesHealthy;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.action.UsageBound;
import io.freedom.rollback.schemas.action.UsageMeasured;
import io.freedom.rollback.schemas.action.WorkTreeVerified;
import io.freedom.rollback.schemas.step.PlanStep;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a step found, as proof of a point of the checklist. */
final class Evidence {
    record Piece(Mark mark, String text) {}

    private final Chronicle chronicle;

    Evidence(Chronicle chronicle) {
        this.chronicle = chronicle;
    }

    Piece of(PlanStep step) {
        var ends = StepEnds.of(chronicle, step);
        var success = chronicle.success(step.getId(), false);
        var values = success.map(e -> values(step, e.getResult().getResult())).orElse("");
        var text = step.getTitle() + ": " + ends.text() + (values.isEmpty() ? "" : ". " + values);
        return success.isPresent() && success.get().getResult().getResult() instanceof UsageMeasured usage
                ? new Piece(usage.getPassed().isEmpty() ? ends.mark() : Mark.BAD, text)
                : new Piece(ends.mark(), text);
    }

    /** Of one step's probes those that are named so; empty when none is. */
    Optional<Piece> ofProbes(PlanStep step, Pattern named, String role) {
        var names = probes(step).stream()
                .filter(probe -> probe.getRole() == null
                        ? named.matcher(probe.getName()).find()
                        : probe.getRole().equals(role))
                .map(HttpProbe::getName)
                .toList();
        if (names.isEmpty()) {
            return Optional.empty();
        }
        var success = chronicle.success(step.getId(), false);
        if (success.isPresent() && success.get().getResult().getResult() instanceof ProbesPassed passed) {
            var answers = passed.getOutcomes().stream()
                    .filter(outcome -> names.contains(outcome.getName()))
                    .map(outcome -> answer(outcome, probes(step)))
                    .toList();
            return Optional.of(new Piece(StepEnds.of(chronicle, step).mark(), String.join("; ", answers)));
        }
        var ends = StepEnds.of(chronicle, step);
        boolean another = ends.mark() == Mark.BAD && names.stream().noneMatch(ends.text()::contains);
        return Optional.of(
                another
                        ? new Piece(Mark.UNKNOWN, "Not known: another probe of the same step failed")
                        : new Piece(ends.mark(), Words.list(names, 5) + ": " + ends.text()));
    }

    private static List<UsageBound> bounds(PlanStep step) {
        return step.getAction().getAction() instanceof MeasureUsage measure ? measure.getBounds() : List.of();
    }

    private static List<HttpProbe> probes(PlanStep step) {
        return switch (step.getAction().getAction()) {
            case ProbeHttp http -> http.getProbes();
            case CheckModel model -> List.of(model.getProbe());
            case CheckEndToEnd query -> List.of(query.getProbe());
            default -> List.of();
        };
    }

    private static String values(PlanStep step, Object result) {
        return switch (result) {
            case WorkTreeVerified tree -> "Commit " + Words.brief(tree.getCommit());
            case ServicesHealthy healthy ->
                Words.list(
                        healthy.getContainers().stream()
                                .map(container -> container.getService() + " " + container.getState()
                                        + (container.getHealth() == null ? "" : " and " + container.getHealth()))
                                .toList(),
                        20);
            case DatabaseChecked checked ->
                Words.list(
                                checked.getTables().stream()
                                        .map(table -> table.getTable() + " " + table.getRows())
                                        .toList(),
                                10)
                        + " ("
                        + Words.count(
                                checked.getTables().stream()
                                        .mapToLong(TableRows::getRows)
                                        .sum(),
                                "rows")
                        + ")";
            case ProbesPassed passed ->
                Words.list(
                        passed.getOutcomes().stream()
                                .map(outcome -> answer(outcome, probes(step)))
                                .toList(),
                        10);
            case LogsScanned scanned -> Words.count(scanned.getLines(), "lines") + " read";
            case UsageMeasured usage ->
                Words.list(
                                usage.getServices().stream()
                                        .map(service -> usage(service, bounds(step)))
                                        .toList(),
                                20)
                        + (usage.getPassed().isEmpty()
                                ? ""
                                : ". Bounds passed: " + String.join("; ", usage.getPassed()));
            default -> "";
        };
    }

    private static String answer(ProbeOutcome outcome, List<HttpProbe> probes) {
        var sample = Texts.cut(outcome.getSample(), 80);
        var expected = probes.stream()
                .filter(probe -> probe.getName().equals(outcome.getName()))
                .map(Evidence::expectation)
                .findFirst();
        return outcome.getName() + " answered " + outcome.getStatus() + " in " + outcome.getTook() + " ms"
                + expected.map(what -> " (expected " + what + ")").orElse("")
                + (sample.isEmpty() ? "" : ": “" + sample + "”");
    }

    private static String expectation(HttpProbe probe) {
        return probe.getStatus()
                + (probe.getBodyPattern() == null ? "" : " with “" + Texts.cut(probe.getBodyPattern(), 40) + "”")
                + (probe.getAnswerPointer() == null ? "" : " with a text at " + probe.getAnswerPointer());
    }

    private static String usage(ServiceUsage usage, List<UsageBound> bounds) {
        var bound = bounds.stream()
                .filter(known -> known.getService().equals(usage.getService()))
                .findFirst();
        return usage.getService() + " " + Texts.size(usage.getMemory())
                + bound.map(UsageBound::getMemory)
                        .map(memory -> " of " + Texts.size(memory))
                        .orElse("")
                + String.format(Locale.ROOT, ", %.0f %% CPU", usage.getCpu())
                + bound.map(UsageBound::getCpu).map(cpu -> " of " + cpu + " %").orElse("")
                + (usage.getRestarts() == 0 ? "" : ", " + Words.count(usage.getRestarts(), "restarts"));
    }
}
