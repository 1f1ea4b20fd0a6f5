package io.freedom.rollback.orchestrator.planning;

import static io.freedom.rollback.orchestrator.planning.PlannedStep.step;

import io.freedom.rollback.platform.ApprovalPolicy;
import io.freedom.rollback.platform.ContainerData;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.action.HoldRestorePoint;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.UndoTerms;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Gates that the platform's policy asks for. */
final class Approvals {
    private static final String DATA_LOSS = "orchestrator.approve-data-loss";

    private Approvals() {}

    /** Before anything of the platform is changed, where the policy says so for such a plan at such a time. */
    static Optional<PlannedStep> ofChanges(PlanRequest request) {
        var incident = request.incident() == null ? null : request.incident().name();
        return request.platform().changes().stream()
                .filter(rule -> rule.fits(request.scenario().id(), incident, request.at()))
                .findFirst()
                .filter(rule -> rule.policy().operators() > 0)
                .map(rule -> {
                    var why = "the policy of %s asks before %s%s%s"
                            .formatted(
                                    request.platform().name(),
                                    request.scenario().id(),
                                    incident == null ? "" : " for " + incident,
                                    rule.hours());
                    return step(
                            "orchestrator.approve-changes",
                            "Approve that the platform is changed",
                            gate(rule.policy(), List.of(why)),
                            rule.policy().within());
                });
    }

    /**
     * It opens at once, so that operators answer while other steps prepare; where volumes are removed, only when it is known
     * which. Ids of what the first step that changes the platform waits for; none
     * where no data are given up.
     */
    static List<String> ofDataLoss(PlanDraft plan) {
        var point = plan.request.point();
        var database = plan.request.database();
        boolean removes = plan.request.rebuildsDatabase();
        var policy = removes
                ? ofReset(plan.request.platform())
                : plan.request.platform().dataLoss();
        if (point == null || database == null || policy.operators() == 0) {
            return List.of();
        }
        var reasons = new ArrayList<String>();
        reasons.add(
                "database %s and the others of its server go back to restore point %s of %s: what was committed since is given up%s, and kept %s"
                        .formatted(
                                database.getName(),
                                point.getId(),
                                point.getTakenAt().truncatedTo(ChronoUnit.SECONDS),
                                plan.request.migration() == null ? "" : " but for what the export carries over",
                                plan.request.rebuildsDatabase()
                                        ? "as a copy of the volumes of " + database.getService() + " in "
                                                + plan.request.keptVolumes()
                                        : "beside it"));
        var newer = plan.request.passedOver();
        if (newer != null) {
            var fault = newer.getFault();
            reasons.add("%s of %s is newer, but %s"
                    .formatted(
                            newer.getId(),
                            newer.getTakenAt().truncatedTo(ChronoUnit.SECONDS),
                            fault == null
                                    ? "was never restored into a throwaway server: to take it, reject this and name it"
                                    : "cannot be relied on (" + fault
                                            + "): it is taken again once a check has restored it"));
        }
        if (removes) {
            reasons.add("the volumes of %s are removed with all data in them".formatted(database.getService()));
        }
        if (!plan.request.restoredData().isEmpty()) {
            reasons.add(replaced(plan.request.restoredData(), point));
        }
        var gate = step(DATA_LOSS, "Approve that data are given up", gate(policy, reasons), policy.within());
        if (removes) {
            gate.after("container.check-volumes");
        } else if (plan.request.incident() == IncidentClass.SECURITY_BREACH) {
            gate.after("container.preserve-evidence"); // whatever is answered: the intruder is stopped first
        }
        plan.add(gate);
        return List.of(DATA_LOSS);
    }

    /** The same where the data of containers go back. What is in files is only moved away. */
    static List<String> ofContainerData(PlanDraft plan) {
        var data = plan.request.restoredData();
        var point = plan.request.point();
        var policy = plan.request.platform().dataLoss();
        if (point == null || data.isEmpty() || policy.operators() == 0) {
            return List.of();
        }
        var why = List.of(replaced(data, point));
        plan.add(step(DATA_LOSS, "Approve that data are given up", gate(policy, why), policy.within()));
        return List.of(DATA_LOSS);
    }

    private static String replaced(List<ContainerData> data, RestorePoint point) {
        return "%s go back to restore point %s of %s: what was written since is given up, and kept in the rollback's own folder"
                .formatted(
                        data.stream()
                                .map(one -> one.path() + " of " + one.service())
                                .collect(Collectors.joining(", ")),
                        point.getId(),
                        point.getTakenAt().truncatedTo(ChronoUnit.SECONDS));
    }

    /**
     * To start a reset is not yet to approve it: what it destroys is said first, and what could not be kept is known by then.
     *
     * @param preserved what comes before it opens
     * @param staying what of the work tree stays where it is
     */
    static List<String> ofReset(PlanDraft plan, List<String> preserved, List<String> staying) {
        var request = plan.request;
        var policy = ofReset(request.platform());
        if (policy.operators() == 0) {
            return List.of();
        }
        var reasons = new ArrayList<String>();
        reasons.add("the volumes of compose project %s are removed with all data in them; copies are kept in %s"
                .formatted(request.compose().getProject(), request.keptVolumes()));
        var database = request.database();
        var point = request.point();
        if (database != null) {
            reasons.add(
                    point == null
                            ? "database %s and the others of its server begin anew, with nothing but what %s itself puts into them; to restore them, reject this and start again with --restore-point"
                                    .formatted(database.getName(), request.tag())
                            : "database %s and the others of its server go back to restore point %s of %s: what was committed since is given up"
                                    .formatted(
                                            database.getName(),
                                            point.getId(),
                                            point.getTakenAt().truncatedTo(ChronoUnit.SECONDS)));
        }
        reasons.add(
                "files in %s that git does not track, ignored ones too, are moved away, all but %s; they are kept in its git directory"
                        .formatted(
                                request.platform().workTree(),
                                String.join(
                                        ", ",
                                        staying.stream()
                                                .filter(path -> !path.startsWith("/"))
                                                .toList())));
        reasons.add(
                "images of its services are built anew, without cache unless the faster way is chosen, and take the place of the present ones");
        reasons.add("what a step that failed before was to keep is in no restore point");
        var id = "orchestrator.approve-reset";
        plan.add(step(id, "Approve that the platform is reset", gate(policy, reasons), policy.within())
                .after(preserved));
        return List.of(id);
    }

    /** What removes volumes gives data up as well: in each respect the stricter of the two policies that ask anybody. */
    private static ApprovalPolicy ofReset(PlatformDescriptor platform) {
        var reset = platform.reset();
        var dataLoss = platform.dataLoss();
        if (platform.database() == null || dataLoss.operators() == 0) {
            return reset;
        }
        if (reset.operators() == 0) {
            return new ApprovalPolicy(dataLoss.operators(), dataLoss.within(), dataLoss.approvedUnanswered(), false);
        }
        return new ApprovalPolicy(
                Math.max(reset.operators(), dataLoss.operators()),
                reset.within().compareTo(dataLoss.within()) < 0 ? reset.within() : dataLoss.within(),
                reset.approvedUnanswered() && dataLoss.approvedUnanswered(),
                false);
    }

    /** Who swaps a database back gives up what was committed since, as who restores it does. */
    static UndoTerms ofUndo(PlanRequest request, List<PlanStep> steps) {
        var platform = request.platform();
        boolean removes = request.rebuildsDatabase() || request.scenario() == Scenario.FULL_RESET;
        boolean holds = steps.stream().anyMatch(step -> step.getAction().getAction() instanceof HoldRestorePoint);
        var policy = removes ? ofReset(platform) : platform.dataLoss();
        return new UndoTerms(
                holds ? platform.backups().hold().toMillis() : null,
                Math.max(1, policy.operators()),
                policy.within().toMillis());
    }

    private static AwaitApproval gate(ApprovalPolicy policy, List<String> reasons) {
        return AwaitApproval.newBuilder()
                .setReasons(reasons)
                .setApprovals(policy.operators())
                .setOnExpiry(policy.approvedUnanswered() ? GateExpiry.APPROVE : GateExpiry.REJECT)
                .setStarterCounts(policy.starterCounts())
                .build();
    }
}
