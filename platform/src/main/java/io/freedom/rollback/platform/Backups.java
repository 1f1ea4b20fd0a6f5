package io.freedom.rollback.platform;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where restore points are kept, when they are taken and how long they stay.
 *
 * @param reserve bytes that must stay free
 * @param hold how long the restore point of a rollback may not be removed
 * @param every how often one is taken by itself; null for only when somebody asks
 * @param prove how often one that is kept is restored into a throwaway server once more, as each is once it was taken; null for never
 * @param keep which ones stay when further ones are taken; null for all
 * @param wal null where nothing is archived between restore points
 * @param store that restore points are copied to; null for none
 * @param logs null where logs are kept with restore points only
 * @param configuration null where the configuration is kept with restore points only
 */
public record Backups(
        String directory,
        long reserve,
        Duration hold,
        @Nullable Duration every,
        @Nullable Duration prove,
        @Nullable Retention keep,
        @Nullable WalPolicy wal,
        @Nullable ObjectStoreSpec store,
        @Nullable LogPolicy logs,
        @Nullable ConfigurationPolicy configuration) {}
