package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.ConfigurationPolicy;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.RecordConfiguration;

/** What a git worker is to see to between rollbacks. */
public final class ConfigurationCare {
    private ConfigurationCare() {}

    public static RecordConfiguration record(PlatformDescriptor platform, ConfigurationPolicy policy) {
        return new RecordConfiguration(platform.workTree(), platform.configuration(), policy.secrets());
    }
}
