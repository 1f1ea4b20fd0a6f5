package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.WalPolicy;
import io.freedom.rollback.schemas.action.KeepWalArchive;
import java.time.Duration;
import java.util.Objects;

/** What a backup worker is to see to between restore points. */
public final class WalCare {
    /** Of the RPO, one until a segment is finished; the rest is for sealing it, and for the way to the store. */
    private static final int PARTS = 3;

    private WalCare() {}

    /**
     * @param wanted false where the archive is to end
     * @param quiet whether something is at work on the platform
     */
    public static KeepWalArchive keep(PlatformDescriptor platform, boolean wanted, boolean quiet) {
        var backups = platform.backups();
        var policy = Objects.requireNonNullElse(backups.wal(), new WalPolicy(Duration.ZERO, Duration.ZERO, 0));
        return KeepWalArchive.newBuilder()
                .setPlatform(platform.name())
                .setCompose(Contracts.compose(platform))
                .setDatabase(Contracts.database(Objects.requireNonNull(platform.database())))
                .setDirectory(backups.directory())
                .setWanted(wanted)
                .setQuiet(quiet)
                .setBaseEvery(policy.base().toMillis())
                .setKeepFor(policy.keep().toMillis())
                .setBound(policy.bound())
                .setReserve(backups.reserve())
                .setSwitchAfter(
                        backups.store() == null
                                ? 0
                                : platform.rpo().dividedBy(PARTS).toMillis())
                .build();
    }
}
