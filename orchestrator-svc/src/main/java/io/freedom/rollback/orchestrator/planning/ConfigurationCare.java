package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.ConfigurationPolicy;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.RecordConfiguration;
import java.time.Duration;

/** What a git worker is to see to between rollbacks. */
public final class ConfigurationCare {
    /** A worker that hears nothing for longer records nothing any more. */
    private static final Duration MARGIN = Duration.ofMinutes(1);

    private ConfigurationCare() {}

    public static RecordConfiguration record(PlatformDescriptor platform, ConfigurationPolicy policy) {
        return new RecordConfiguration(
                platform.workTree(),
                platform.configuration(),
                policy.secrets(),
                policy.every().plus(MARGIN).toMillis());
    }

    /** Nobody wants it any more. */
    public static RecordConfiguration end(PlatformDescriptor platform) {
        return new RecordConfiguration(platform.workTree(), platform.configuration(), false, -1L);
    }
}
