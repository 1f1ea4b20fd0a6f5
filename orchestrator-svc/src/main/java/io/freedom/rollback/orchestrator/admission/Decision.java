package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.platform.NotificationChannel;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.step.Plan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What becomes of an incident or an operator's command. */
public sealed interface Decision {
    /** The descriptor is valid and becomes the platform's. */
    record Register(String descriptor, String descriptorHash, String operator) implements Decision {}

    record Reject(String reason) implements Decision {}

    /**
     * A plan to be shown.
     *
     * @param look at the platform as it is, for this plan; null for none
     * @param notLooked why there is none although it was asked for; null where there is, or it was not
     */
    record Preview(
            Plan plan,
            RollbackCommand.@Nullable Start look,
            @Nullable String notLooked) implements Decision {}

    record Start(RollbackCommand.Start command) implements Decision {}

    /** For the rollback that runs. */
    record Control(RollbackCommand.Control command) implements Decision {}

    /** For one that is over and runs again with this: its undoing failed, or it succeeded and is to be undone. */
    record Reopen(String rollbackId, RollbackCommand.Control command) implements Decision {}

    /** For one that has succeeded, and stays so: others have to ask to undo it as well. */
    record Note(String rollbackId, RollbackCommand.Control command) implements Decision {}

    /** Messages to all channels, or to one. */
    record TestNotifications(List<NotificationChannel> channels, String operator) implements Decision {}

    record FollowedUp(
            String followUpId, String operator, @Nullable String reason) implements Decision {}

    /** Delivered twice: already answered. */
    record AlreadyHandled() implements Decision {}

    record Duplicate(Incident incident, String rollbackId) implements Decision {}

    record Merge(Incident incident) implements Decision {}

    record Queue(Incident incident) implements Decision {}

    /** It waits for the permit of the platform's site to start that. */
    record Ask(Incident incident, RollbackCommand.Start start) implements Decision {}

    /** An operator does not want what waits for a permit to start. */
    record GiveUp(Incident incident, String rollbackId, String reason) implements Decision {}

    /** Alerts have started enough; it waits, with all that come. */
    record Hold(Incident incident, String reason) implements Decision {}

    /** @param unanswered it should have started something, and could not: somebody has to look */
    record Ignore(Incident incident, String reason, boolean unanswered) implements Decision {}

    /** It waits, and is not to start anything any more. */
    record Withdraw(Incident incident, String reason) implements Decision {}

    /** The platform is not registered: the report cannot be applied. */
    record Unknown(String reason) implements Decision {}
}
