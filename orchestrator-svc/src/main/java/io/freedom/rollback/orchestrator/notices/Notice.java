package io.freedom.rollback.orchestrator.notices;

import io.freedom.rollback.schemas.notification.NotificationKind;
import io.freedom.rollback.schemas.step.Plan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What people are told, before it is put in a channel's own words.
 *
 * @param summary one line
 * @param details further lines: why, and until when
 * @param commands what the reader may type next, each with what it does
 * @param plan of the rollback that it tells of; null for none
 * @param rollbackId of the same; null for none
 */
public record Notice(
        NotificationKind kind,
        String summary,
        List<String> details,
        List<String> commands,
        @Nullable Plan plan,
        @Nullable String rollbackId) {
    public Notice {
        details = List.copyOf(details);
        commands = List.copyOf(commands);
    }
}
