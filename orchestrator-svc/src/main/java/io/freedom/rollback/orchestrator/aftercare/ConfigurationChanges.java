package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.notices.Notice;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.ConfigurationCare;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.ConfigurationRecorded;
import io.freedom.rollback.schemas.history.ConfigurationFollowed;
import io.freedom.rollback.schemas.history.ConfigurationUnfollowed;
import io.freedom.rollback.schemas.state.LogLooks;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Changes of a platform's configuration, in its git repository. */
public final class ConfigurationChanges extends Keeping<ConfigurationRecorded> {
    /** Of the commands; no plan has such a step. */
    public static final String STEP = "git.record-configuration";

    public ConfigurationChanges() {
        super(new Kind<>(
                "the configuration",
                STEP,
                Worker.GIT,
                Duration.ofMinutes(1),
                "configuration",
                ConfigurationRecorded.class,
                PlatformState::getConfiguration,
                Platforms::configured));
    }

    @Override
    @Nullable
    Duration every(PlatformDescriptor platform) {
        var policy = platform.backups().configuration();
        return policy == null ? null : policy.every();
    }

    @Override
    SpecificRecord action(LogLooks kept, PlatformDescriptor platform, boolean quiet) {
        return ConfigurationCare.record(
                platform, Objects.requireNonNull(platform.backups().configuration()));
    }

    /** Until then the worker records what changes. */
    @Override
    SpecificRecord last(PlatformDescriptor platform) {
        return ConfigurationCare.end(platform);
    }

    @Override
    Kept kept(ConfigurationRecorded answer) {
        return new Kept(answer.getUntil(), false, answer.getNotes());
    }

    @Override
    SpecificRecord follows(long every, List<String> notes) {
        return new ConfigurationFollowed(every, notes);
    }

    @Override
    SpecificRecord interrupted(LogLooks kept, String why, boolean ended) {
        return new ConfigurationUnfollowed(kept.getUntil(), kept.getEvery(), why, ended);
    }

    @Override
    Notice notice(LogLooks kept, String platform, String why) {
        return Notices.configurationNotRecorded(platform, kept.getUntil(), why);
    }
}
