package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Phase;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a platform check found.
 *
 * @param problems what a rollback would stumble over, or what could not be looked at
 * @param warnings how the platform differs from its descriptor right now; that may be why it is to be rolled back
 */
public record CheckReport(
        String platform, String target, List<StepStatus> problems, List<StepStatus> warnings, String unfinished) {

    /** Of a check that is over. */
    public static CheckReport of(RollbackStatus status, String target) {
        var problems = new ArrayList<StepStatus>();
        var warnings = new ArrayList<StepStatus>();
        for (var step : status.getSteps()) {
            if (step.getState() == StepState.FAILED) {
                (isAboutNow(step) ? warnings : problems).add(step);
            }
        }
        var unfinished = status.getState() == RollbackState.SUCCEEDED ? "" : status.getReason();
        return new CheckReport(status.getPlatform(), target, problems, warnings, unfinished);
    }

    /** A probe that cannot be sent, or that no worker took, says nothing about the platform. */
    private static boolean isAboutNow(StepStatus step) {
        return step.getPhase() == Phase.VALIDATE && step.getFailure() == FailureKind.MISMATCH;
    }

    public boolean couldBeRolledBack() {
        return problems.isEmpty() && unfinished.isEmpty();
    }

    /** In full: the lines about the single steps may have been cut to the terminal's width. */
    public List<String> lines(Style style) {
        var lines = new ArrayList<String>();
        if (!unfinished.isEmpty()) {
            lines.add("The check of " + platform + " did not get to its end: " + unfinished);
        } else if (problems.isEmpty()) {
            lines.add("Platform " + platform + " could be rolled back to " + target + ".");
        }
        if (!problems.isEmpty()) {
            lines.add(
                    "Platform " + platform + " could not be rolled back as it is, " + count(problems, "problem") + ":");
            problems.forEach(step -> lines.add(style.red("  ✘ " + text(step))));
        }
        if (!warnings.isEmpty()) {
            lines.add("Right now it is not as its descriptor says, " + count(warnings, "warning") + ". That stops no"
                    + " rollback, and may be the reason for one; if the platform is well, correct the descriptor:");
            warnings.forEach(step -> lines.add(style.yellow("  ! " + text(step))));
        }
        return lines;
    }

    public Map<String, Object> json() {
        var json = new LinkedHashMap<String, Object>();
        json.put("platform", platform);
        json.put("target", target);
        json.put("couldBeRolledBack", couldBeRolledBack());
        json.put("problems", problems.stream().map(CheckReport::json).toList());
        json.put("warnings", warnings.stream().map(CheckReport::json).toList());
        return json;
    }

    private static Map<String, Object> json(StepStatus step) {
        var json = new LinkedHashMap<String, Object>();
        json.put("step", step.getId());
        json.put("title", step.getTitle());
        json.put("message", step.getDetail());
        return json;
    }

    private static String text(StepStatus step) {
        return step.getTitle() + ": " + Texts.cut(step.getDetail(), 4000);
    }

    private static String count(List<?> list, String noun) {
        return list.size() == 1 ? "one " + noun : list.size() + " " + noun + "s";
    }
}
