package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.KeepLogs;

/** What a container worker is to see to between rollbacks. */
public final class LogCare {
    private LogCare() {}

    /** @param platform whose descriptor has {@code backups.logs} */
    public static KeepLogs keep(PlatformDescriptor platform) {
        return new KeepLogs(Contracts.compose(platform));
    }
}
