package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.incident.IncidentClass;
import org.jspecify.annotations.Nullable;

/**
 * What a plan is compiled from.
 *
 * @param descriptorHash SHA-256 of the descriptor's text
 * @param target git tag; null for the descriptor's
 * @param restorePoint directory of the restore point whose database is restored; null for none
 * @param incident class of the incident that is answered; null when an operator asks and does not say
 */
public record PlanRequest(
        PlatformDescriptor platform,
        String descriptorHash,
        Scenario scenario,
        String rollbackId,
        @Nullable String target,
        @Nullable String restorePoint,
        @Nullable IncidentClass incident) {

    String tag() {
        return target == null ? platform.target() : target;
    }

    /** The rollback's own directory, which becomes its restore point. */
    String directory() {
        return platform.backups().directory() + "/" + rollbackId;
    }

    /** Where the target is checked out beside the live work tree, to build its images from. */
    String worktree() {
        return platform.backups().directory() + "/.worktrees/" + rollbackId;
    }
}
