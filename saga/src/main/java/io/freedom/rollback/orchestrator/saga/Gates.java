package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.schemas.action.Approved;
import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Steps that wait for operators instead of a worker. */
public final class Gates {
    private Gates() {}

    public static boolean isGate(PlanStep step) {
        return step.getAction().getAction() instanceof AwaitApproval;
    }

    /** What a gate asks for. */
    public static AwaitApproval of(PlanStep step) {
        if (step.getAction().getAction() instanceof AwaitApproval gate) {
            return gate;
        }
        throw new IllegalArgumentException(step.getId() + " is no gate");
    }

    static boolean isOverdue(StepTrack gate, Instant now) {
        return gate.deadline() != null && now.isAfter(gate.deadline());
    }

    /** Nobody counts twice, however they write their name. */
    static boolean hasApproved(StepTrack gate, String operator) {
        return isAmong(gate.approvals(), operator);
    }

    static boolean isAmong(List<String> operators, String operator) {
        return operators.stream().anyMatch(known -> known.strip().equalsIgnoreCase(operator.strip()));
    }

    static List<RollbackEvent> opened(Rollback state, PlanStep step, Instant until) {
        var events = new ArrayList<RollbackEvent>();
        events.add(openedAgain(step, until));
        var starter = state.operator();
        if (starter != null && of(step).getStarterCounts()) {
            events.addAll(approved(state, new RollbackCommand.Approve(step.getId(), starter, state.startReason())));
        }
        return events;
    }

    /** Whoever approved before it is asked again has to say so again, the starter as well: it was rejected, or not answered. */
    static RollbackEvent openedAgain(PlanStep step, Instant until) {
        return new RollbackEvent.GateOpened(step.getId(), until);
    }

    static List<RollbackEvent> approved(Rollback state, RollbackCommand.Approve command) {
        var operators = new ArrayList<>(state.track(command.step(), false).approvals());
        operators.add(command.operator());
        int needed = of(state.planStep(command.step())).getApprovals();
        var events = new ArrayList<RollbackEvent>();
        events.add(new RollbackEvent.GateApproved(
                command.step(), command.operator(), command.reason(), operators.size(), needed));
        if (operators.size() >= needed) {
            events.add(succeeded(command.step(), operators, "approved by " + String.join(", ", operators)));
        }
        return events;
    }

    static List<RollbackEvent> rejected(Rollback state, RollbackCommand.Reject command) {
        var why = "rejected by " + words(command.operator(), command.reason());
        return List.of(
                new RollbackEvent.GateRejected(command.step(), command.operator(), command.reason()),
                failed(state, command.step(), why));
    }

    static List<RollbackEvent> expired(Rollback state, String step) {
        var gate = of(state.planStep(step));
        var operators = state.track(step, false).approvals();
        var happened = operators.size() + " of " + gate.getApprovals() + " approvals came in time";
        var expired = new RollbackEvent.GateExpired(step, gate.getOnExpiry());
        return switch (gate.getOnExpiry()) {
            case REJECT -> List.of(expired, failed(state, step, happened + ": rejected, as the plan says"));
            case APPROVE ->
                List.of(expired, succeeded(step, operators, happened + ": approved all the same, as the plan says"));
        };
    }

    private static RollbackEvent succeeded(String step, List<String> operators, String detail) {
        var result = new StepResult(new Approved(List.copyOf(operators)));
        return new RollbackEvent.Succeeded(new AttemptId(step, false, 1), result, detail, false);
    }

    /**
     * Never tolerated, whatever the step's policy: what comes after a gate needs its approval. Held, where the plan undoes nothing
     * unasked: whoever did not want the one did not ask for the other.
     */
    private static RollbackEvent failed(Rollback state, String step, String message) {
        return state.planStep(step).getOnFailure() == FailurePolicy.HOLD
                ? new RollbackEvent.Held(step, FailureKind.PRECONDITION, message)
                : new RollbackEvent.Failed(step, false, FailureKind.PRECONDITION, message, false);
    }

    static String words(String operator, @Nullable String reason) {
        return operator + (reason == null ? "" : ": " + reason);
    }
}
