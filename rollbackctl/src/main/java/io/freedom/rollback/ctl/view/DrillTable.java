package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepDispatched;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How the drills of each scenario went, and how long the scenario itself took; from the history alone. */
public final class DrillTable {
    private static final class Run {
        final Plan plan;
        final Instant startedAt;
        final Map<String, PlanStep> played;

        @Nullable
        Instant began;

        @Nullable
        Instant validated;

        @Nullable
        RollbackFinished finished;

        Run(Plan plan, Instant startedAt) {
            this.plan = plan;
            this.startedAt = startedAt;
            played = plan.getSteps().stream()
                    .filter(Scenarios::isPlayed)
                    .collect(Collectors.toMap(PlanStep::getId, step -> step));
        }

        boolean succeeded() {
            return finished != null && finished.getOutcome() == Outcome.SUCCEEDED;
        }

        Duration took() {
            return began == null || validated == null ? Duration.ZERO : Duration.between(began, validated);
        }
    }

    /**
     * Drills of one scenario of one platform.
     *
     * @param runs that have ended
     * @param median of the scenario itself, of those that succeeded; null where none did
     * @param last how the newest one went
     */
    public record Row(
            String platform,
            String scenario,
            int runs,
            int succeeded,
            @Nullable Duration median,
            @Nullable Duration latest,
            Duration rto,
            Instant lastAt,
            String last) {}

    private final Map<String, Run> byId = new LinkedHashMap<>();

    /** @param history in order */
    public DrillTable(List<HistoryEvent> history) {
        for (var event : history) {
            var id = event.getRollbackId();
            if (id != null) {
                read(id, event);
            }
        }
    }

    private void read(String id, HistoryEvent event) {
        if (event.getEvent() instanceof RollbackStarted started
                && started.getPlan().getDrillOf() != null) {
            byId.put(id, new Run(started.getPlan(), event.getAt()));
        }
        var run = byId.get(id);
        if (run == null) {
            return;
        }
        switch (event.getEvent()) {
            case StepDispatched e
            when run.began == null && !e.getCompensation() && run.played.containsKey(e.getStepId()) ->
                run.began = event.getAt();
            case StepSucceeded e
            when !e.getCompensation() && run.played.containsKey(e.getStepId()) -> run.validated = event.getAt();
            case RollbackFinished e -> run.finished = e;
            default -> {}
        }
    }

    public List<Row> rows() {
        var grouped = new TreeMap<String, List<Run>>();
        byId.values().stream()
                .filter(run -> run.finished != null)
                .forEach(run -> grouped.computeIfAbsent(
                                run.plan.getDrillOf() + " " + run.plan.getScenario(), _ -> new ArrayList<>())
                        .add(run));
        return grouped.values().stream().map(DrillTable::row).toList();
    }

    private static Row row(List<Run> runs) {
        var newest = runs.getLast();
        var good = runs.stream().filter(Run::succeeded).toList();
        var times = good.stream().map(Run::took).sorted().toList();
        var finished = newest.finished;
        var reason = finished == null ? "" : finished.getReason();
        return new Row(
                String.valueOf(newest.plan.getDrillOf()),
                newest.plan.getScenario(),
                runs.size(),
                good.size(),
                times.isEmpty() ? null : times.get(times.size() / 2),
                good.isEmpty() ? null : good.getLast().took(),
                Duration.ofMillis(newest.plan.getRto()),
                newest.startedAt,
                newest.succeeded() ? "succeeded" : "failed: " + reason);
    }

    public List<String> lines(ZoneId zone, Style style) {
        var rows = rows();
        if (rows.isEmpty()) {
            return List.of("No drill has ended yet. Start one with: rollbackctl drill SCENARIO PLATFORM");
        }
        var table =
                new Table("PLATFORM", "SCENARIO", "RUNS", "SUCCEEDED", "MEDIAN", "LATEST", "RTO", "LAST RUN", "WENT");
        rows.forEach(row -> table.row(
                row.succeeded() == row.runs() ? style::green : style::yellow,
                row.platform(),
                row.scenario(),
                String.valueOf(row.runs()),
                row.succeeded() + " (" + 100 * row.succeeded() / row.runs() + " %)",
                span(row.median()),
                span(row.latest()),
                Texts.limit(row.rto().toMillis()),
                Texts.moment(row.lastAt(), zone),
                Texts.cut(row.last(), 120)));
        return table.lines(style);
    }

    private static String span(@Nullable Duration duration) {
        return duration == null ? "–" : Texts.span(duration);
    }

    public List<Map<String, Object>> json() {
        return rows().stream().map(DrillTable::json).toList();
    }

    private static Map<String, Object> json(Row row) {
        var json = new LinkedHashMap<String, Object>();
        json.put("platform", row.platform());
        json.put("scenario", row.scenario());
        json.put("runs", row.runs());
        json.put("succeeded", row.succeeded());
        json.put("rtoMillis", row.rto().toMillis());
        if (row.median() != null) {
            json.put("medianMillis", row.median().toMillis());
        }
        if (row.latest() != null) {
            json.put("latestMillis", row.latest().toMillis());
        }
        json.put("lastAt", row.lastAt());
        json.put("last", row.last());
        return json;
    }
}
