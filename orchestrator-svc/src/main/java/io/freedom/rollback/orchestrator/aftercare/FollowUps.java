package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.history.FollowUp;
import io.freedom.rollback.schemas.state.PlatformState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What people are to do after a rollback. */
public final class FollowUps {
    private FollowUps() {}

    /** @param ended when the rollback ended */
    public static List<FollowUp> of(String rollbackId, PlatformDescriptor platform, Instant ended) {
        var planned = new ArrayList<FollowUp>();
        for (var spec : platform.followUps()) {
            planned.add(new FollowUp(
                    rollbackId + "." + (planned.size() + 1), spec.what(), spec.owner(), ended.plus(spec.within())));
        }
        return List.copyOf(planned);
    }

    public static List<FollowUp> overdue(PlatformState state, Instant now) {
        return state.getToRemind().stream()
                .filter(followUp -> followUp.getDue().isBefore(now))
                .toList();
    }
}
