package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.ObjectStoreSpec;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.WalPolicy;
import io.freedom.rollback.schemas.action.CopyRestorePoints;
import io.freedom.rollback.schemas.action.CopyWalArchive;
import io.freedom.rollback.schemas.action.ObjectStore;
import java.util.List;

/** What a backup worker is to see to in the store. */
public final class StoreCare {
    private StoreCare() {}

    /** @param removed ids of restore points that retention has removed */
    public static CopyRestorePoints copy(PlatformDescriptor platform, ObjectStoreSpec store, List<String> removed) {
        return new CopyRestorePoints(platform.name(), platform.backups().directory(), contract(store), removed);
    }

    /** @param wal how the archive is kept */
    public static CopyWalArchive copyWal(PlatformDescriptor platform, ObjectStoreSpec store, WalPolicy wal) {
        return new CopyWalArchive(
                platform.name(),
                platform.backups().directory(),
                contract(store),
                wal.keep().toMillis(),
                platform.rpo().toMillis());
    }

    static ObjectStore contract(ObjectStoreSpec store) {
        return new ObjectStore(
                store.endpoint(),
                store.region(),
                store.bucket(),
                store.prefix(),
                store.accessKey(),
                store.secretKey(),
                store.pathStyle());
    }
}
