package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Chronicle.Found;
import io.freedom.rollback.ctl.report.Report.Point;
import io.freedom.rollback.schemas.action.AwaitDatabase;
import io.freedom.rollback.schemas.action.AwaitHealthy;
import io.freedom.rollback.schemas.action.CheckDatabase;
import io.freedom.rollback.schemas.action.CheckEndToEnd;
import io.freedom.rollback.schemas.action.CheckModel;
import io.freedom.rollback.schemas.action.CheckOutPaths;
import io.freedom.rollback.schemas.action.CheckOutTarget;
import io.freedom.rollback.schemas.action.MeasureUsage;
import io.freedom.rollback.schemas.action.ProbeHttp;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.ScanLogs;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.VerifyWorkTree;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** The runbook's "Rollback Validation Checklist", each point with the steps that prove it. */
final class Checklist {
    static final String NOT_CHECKED = "Not checked in this scenario";

    private static final Pattern GUI = Pattern.compile("(?i)\\b(castle|gui|ui|web|frontend)\\b");
    private static final Pattern GATEWAY = Pattern.compile("(?i)gateway|\\bapi\\b");

    private final Chronicle chronicle;
    private final Words words;
    private final Evidence evidence;
    private final List<Point> points = new ArrayList<>();

    Checklist(Chronicle chronicle, Words words) {
        this.chronicle = chronicle;
        this.words = words;
        evidence = new Evidence(chronicle);
    }

    List<Point> points() {
        var target = chronicle.plan().getTarget();
        add(
                "Git repository at " + (target == null ? "the target tag" : target),
                steps(VerifyWorkTree.class, CheckOutTarget.class, CheckOutPaths.class));
        add("All services running and healthy", steps(AwaitHealthy.class));
        add(
                "Database accessible, with the expected data",
                steps(step -> step.getPhase().compareTo(Phase.RECOVER) >= 0
                        && isOneOf(step, AwaitDatabase.class, CheckDatabase.class)));
        add("Model (MLX) loads and responds correctly", steps(CheckModel.class));
        probes("User interface (Castle GUI) accessible without errors", GUI, "ui");
        probes("API gateway accepts and routes requests", GATEWAY, "gateway");
        add("End-to-end query works", steps(CheckEndToEnd.class));
        add("No error messages in the services' logs", steps(ScanLogs.class));
        add("Resource use within acceptable bounds", steps(MeasureUsage.class));
        backup();
        return points;
    }

    private List<PlanStep> steps(Class<?>... actions) {
        return steps(step -> isOneOf(step, actions));
    }

    private List<PlanStep> steps(Predicate<PlanStep> which) {
        return chronicle.plan().getSteps().stream().filter(which).toList();
    }

    private static boolean isOneOf(PlanStep step, Class<?>... actions) {
        return List.of(actions).contains(step.getAction().getAction().getClass());
    }

    private void add(String name, List<PlanStep> steps) {
        add(name, steps.stream().map(evidence::of).toList(), true);
    }

    private void probes(String name, Pattern probe, String role) {
        var found = steps(ProbeHttp.class, CheckModel.class, CheckEndToEnd.class).stream()
                .map(step -> evidence.ofProbes(step, probe, role))
                .flatMap(Optional::stream)
                .toList();
        add(name, found, true);
    }

    /** The restore point of this rollback, rather than the one to go back to. It outlives an undoing. */
    private void backup() {
        var steps = steps(step -> step.getAction().getAction() instanceof VerifyRestorePoint verify
                && !verify.getDirectory().equals(chronicle.plan().getRestorePoint()));
        var found = new ArrayList<>(steps.stream().map(evidence::of).toList());
        ownRestorePoint(chronicle)
                .ifPresent(point -> found.add(new Evidence.Piece(
                        Mark.GOOD,
                        "Kept in " + point.result().getDirectory() + ", read in full at " + words.moment(point.at()))));
        add("Backup files preserved and accessible", found, false);
    }

    static Optional<Found<RestorePointVerified>> ownRestorePoint(Chronicle chronicle) {
        var used = chronicle.plan().getRestorePoint();
        return chronicle.found(RestorePointVerified.class).stream()
                .filter(found -> !found.result().getDirectory().equals(used))
                .reduce((_, last) -> last);
    }

    private void add(String name, List<Evidence.Piece> pieces, boolean undoable) {
        var mark = pieces.stream()
                .map(Evidence.Piece::mark)
                .reduce(Checklist::worse)
                .orElse(Mark.NONE);
        var lines = new ArrayList<>(pieces.stream().map(Evidence.Piece::text).toList());
        if (pieces.isEmpty()) {
            lines.add(NOT_CHECKED);
        } else if (mark == Mark.GOOD && undoable && chronicle.compensation().isPresent()) {
            mark = Mark.UNDONE;
            lines.add("It was so before the rollback was undone");
        }
        points.add(new Point(points.size() + 1, name, mark, lines));
    }

    private static Mark worse(Mark one, Mark other) {
        var order = List.of(Mark.GOOD, Mark.UNDONE, Mark.NONE, Mark.PENDING, Mark.UNKNOWN, Mark.BAD);
        return order.indexOf(one) >= order.indexOf(other) ? one : other;
    }
}
