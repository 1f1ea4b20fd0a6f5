package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.notices.Notice;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.LogCare;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.LogsKept;
import io.freedom.rollback.schemas.history.LogArchiveInterrupted;
import io.freedom.rollback.schemas.history.LogsArchived;
import io.freedom.rollback.schemas.state.LogLooks;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The logs of a platform's containers. */
public final class LogKeeping extends Keeping<LogsKept> {
    /** Of the commands; no plan has such a step. */
    public static final String STEP = "container.keep-logs";

    public LogKeeping() {
        super(new Kind<>(
                "the logs",
                STEP,
                Worker.CONTAINER,
                Duration.ofMinutes(5),
                "logs",
                LogsKept.class,
                PlatformState::getLogs,
                Platforms::logged));
    }

    @Override
    @Nullable
    Duration every(PlatformDescriptor platform) {
        var policy = platform.backups().logs();
        return policy == null ? null : policy.every();
    }

    @Override
    SpecificRecord action(LogLooks kept, PlatformDescriptor platform, boolean quiet) {
        return LogCare.keep(platform);
    }

    @Override
    Kept kept(LogsKept answer) {
        return new Kept(answer.getUntil(), answer.getMore(), answer.getNotes());
    }

    @Override
    SpecificRecord follows(long every, List<String> notes) {
        return new LogsArchived(every, notes);
    }

    @Override
    SpecificRecord interrupted(LogLooks kept, String why, boolean ended) {
        return new LogArchiveInterrupted(kept.getUntil(), kept.getEvery(), why, ended);
    }

    @Override
    Notice notice(LogLooks kept, String platform, String why) {
        return Notices.logsNotKept(platform, kept.getUntil(), why);
    }
}
