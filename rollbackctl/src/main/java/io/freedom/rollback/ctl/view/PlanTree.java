package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A plan as a tree of phases and steps, with what undoes each and where downtime begins and ends. */
public final class PlanTree {
    private PlanTree() {}

    public static List<String> lines(Plan plan, Style style) {
        var lines = new ArrayList<String>();
        lines.add(style.bold(plan.getPlatform() + ": " + Texts.aim(plan)));
        lines.add(plan.getSteps().size() + " steps · RTO " + Texts.limit(plan.getRto()) + " · site " + plan.getSite()
                + " · descriptor " + Texts.cut(plan.getDescriptorHash(), 13));
        lines.add(Expectation.of(plan));
        if (plan.getRestorePoint() != null) {
            lines.add("the database is restored from " + plan.getRestorePoint()
                    + (plan.getRestorePointTakenAt() == null ? "" : ", taken at " + plan.getRestorePointTakenAt()));
        }
        wayBack(plan).ifPresent(lines::add);
        DatabaseServer.fate(plan).ifPresent(lines::add);
        for (var phase : Phase.values()) {
            var steps =
                    plan.getSteps().stream().filter(s -> s.getPhase() == phase).toList();
            if (!steps.isEmpty()) {
                lines.add("");
                lines.add(style.bold(Texts.phase(phase)));
                phase(steps, lines, style);
            }
        }
        return lines;
    }

    /** What nothing brings back, and how the rest is undone; empty where nothing is changed. */
    private static Optional<String> wayBack(Plan plan) {
        var terms = plan.getUndo();
        var last = plan.getPointOfNoReturn();
        if (terms == null) {
            return Optional.ofNullable(last).map(step -> "point of no return: " + step);
        }
        return Optional.of((last == null ? "no point of no return" : "point of no return: " + last)
                + "; `rollbackctl undo` "
                + (terms.getWithin() == null ? "" : "for " + Texts.limit(terms.getWithin()) + " after it, ")
                + "until another rollback changes the platform"
                + (terms.getOperators() == 1
                        ? ""
                        : ", by " + terms.getOperators() + " operators where data are given up"));
    }

    private static void phase(List<PlanStep> steps, List<String> lines, Style style) {
        int ids = steps.stream().mapToInt(s -> s.getId().length()).max().orElse(0);
        for (int i = 0; i < steps.size(); i++) {
            var step = steps.get(i);
            boolean isLast = i == steps.size() - 1;
            var beside = isLast ? "      " : "│     ";
            if (step.getAvailability() == Availability.GOES_DOWN) {
                lines.add("│  " + style.yellow("▼ downtime begins"));
            }
            lines.add((isLast ? "└─ " : "├─ ") + Texts.pad(step.getId(), ids) + "  " + step.getTitle() + "  "
                    + style.dim("(" + terms(step) + ")"));
            if (!step.getDependsOn().isEmpty()) {
                lines.add(beside + style.dim("after " + String.join(", ", step.getDependsOn())));
            }
            if (step.getAction().getAction() instanceof AwaitApproval gate) {
                gate.getReasons().forEach(reason -> lines.add(beside + style.yellow("asks because: " + reason)));
            }
            if (step.getFaster() != null) {
                lines.add(beside + style.yellow("faster: " + step.getFaster().getTitle()) + "  "
                        + style.dim("(rollbackctl faster, while it runs)"));
            }
            var undo = step.getCompensation();
            if (undo != null) {
                lines.add(beside + style.yellow("undo: " + undo.getTitle()) + "  "
                        + style.dim("(" + Texts.lower(undo.getWorker()) + ", "
                                + limits(undo.getTimeout(), undo.getAttempts()) + ")"));
            }
            if (step.getAvailability() == Availability.COMES_BACK) {
                lines.add((isLast ? "   " : "│  ") + style.green("▲ service is back"));
            }
        }
    }

    private static String terms(PlanStep step) {
        if (step.getAction().getAction() instanceof AwaitApproval gate) {
            return "gate, " + gate.getApprovals() + (gate.getApprovals() == 1 ? " approval" : " approvals")
                    + " within " + Texts.limit(step.getTimeout()) + ", else "
                    + (gate.getOnExpiry() == GateExpiry.APPROVE
                            ? "approved"
                            : step.getOnFailure() == FailurePolicy.HOLD ? "rejected and held for you" : "rejected");
        }
        var policy = switch (step.getOnFailure()) {
            case COMPENSATE -> "";
            case CONTINUE -> ", may fail";
            case HOLD -> ", held for you if it fails";
        };
        var expected =
                step.getExpected() == 0 ? "" : "about " + Texts.span(Duration.ofMillis(step.getExpected())) + ", ";
        return Texts.lower(step.getWorker()) + ", " + expected + limits(step.getTimeout(), step.getAttempts()) + policy;
    }

    private static String limits(long timeout, int attempts) {
        return "at most " + Texts.limit(timeout) + (attempts > 1 ? ", " + attempts + " attempts" : "");
    }
}
