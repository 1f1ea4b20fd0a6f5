package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How long a plan will take and how much of that without service, by what its steps took before. */
public final class Expectation {
    private final Map<String, PlanStep> steps = new HashMap<>();
    private final Map<String, Long> ends = new HashMap<>();

    private Expectation(List<PlanStep> plan) {
        plan.forEach(step -> steps.put(step.getId(), step));
    }

    /** How long the plan takes until service is back and validated; empty where a step's time is not known. */
    public static Optional<Duration> total(Plan plan) {
        var counted = counted(plan);
        boolean known = !counted.isEmpty()
                && counted.stream().noneMatch(Expectation::isUnknown)
                && counted.stream().anyMatch(step -> step.getExpected() > 0);
        return known
                ? Optional.of(Duration.ofMillis(new Expectation(plan.getSteps()).last(counted)))
                : Optional.empty();
    }

    private static List<PlanStep> counted(Plan plan) {
        return plan.getSteps().stream()
                .filter(step -> step.getPhase() != Phase.FINISH)
                .toList();
    }

    private long last(List<PlanStep> counted) {
        return counted.stream().mapToLong(this::end).max().orElse(0);
    }

    static String of(Plan plan) {
        var counted = counted(plan);
        if (counted.stream().allMatch(step -> step.getExpected() == 0)) {
            return "expected time: not known, no " + plan.getScenario() + " has succeeded here yet";
        }
        var unknown = counted.stream().filter(Expectation::isUnknown).count();
        var expectation = new Expectation(plan.getSteps());
        long total = expectation.last(counted);
        var least = unknown == 0 ? "about " : "at least ";
        return "expected time: " + least + span(total) + ", " + expectation.downtime(counted, least)
                + (unknown == 0 ? "" : "; of " + unknown + (unknown == 1 ? " step" : " steps") + " it is not known");
    }

    private static boolean isUnknown(PlanStep step) {
        return step.getExpected() == 0
                && step.getWorker() != Worker.ORCHESTRATOR // a gate: as long as operators think
                && step.getOnFailure() != FailurePolicy.CONTINUE;
    }

    private String downtime(List<PlanStep> plan, String least) {
        var down = plan.stream()
                .filter(step -> step.getAvailability() == Availability.GOES_DOWN)
                .mapToLong(this::begin)
                .min();
        var back = plan.stream()
                .filter(step -> step.getAvailability() == Availability.COMES_BACK)
                .mapToLong(this::end)
                .max();
        return down.isEmpty() || back.isEmpty()
                ? "no downtime"
                : "downtime " + least + span(back.getAsLong() - down.getAsLong());
    }

    private long begin(PlanStep step) {
        return step.getDependsOn().stream()
                .map(steps::get)
                .mapToLong(this::end)
                .max()
                .orElse(0);
    }

    private long end(PlanStep step) {
        var known = ends.get(step.getId());
        if (known != null) {
            return known;
        }
        long end = begin(step) + step.getExpected();
        ends.put(step.getId(), end);
        return end;
    }

    private static String span(long millis) {
        return Texts.span(Duration.ofMillis(millis));
    }
}
