package io.freedom.rollback.backup;

import java.nio.charset.StandardCharsets;

/**
 * Names of the databases around a swap. They carry the rollback's id, so that the server itself tells how far a swap is.
 *
 * @param live the database that the platform uses
 * @param side the restored one, until it is swapped in
 * @param kept the replaced one; it exists exactly while the restored one is live
 * @param undone the restored one after it was swapped out again
 */
record SwapNames(String live, String side, String kept, String undone) {
    /** NAMEDATALEN - 1, bytes; PostgreSQL cuts longer names silently. */
    private static final int LIMIT = 63;

    /** What names of restored databases end in that are not swapped in yet. */
    static String side(String rollbackId) {
        return "__restore_" + ShortId.of(rollbackId);
    }

    /** What names of replaced databases end in. */
    static String kept(String rollbackId) {
        return "__before_" + ShortId.of(rollbackId);
    }

    /** What names of restored databases end in that were swapped out again. */
    static String undone(String rollbackId) {
        return "__undone_" + ShortId.of(rollbackId);
    }

    static SwapNames of(String database, String rollbackId) {
        return new SwapNames(
                database,
                derived(database, side(rollbackId)),
                derived(database, kept(rollbackId)),
                derived(database, undone(rollbackId)));
    }

    private static String derived(String database, String suffix) {
        if (bytes(database + suffix) <= LIMIT) {
            return database + suffix;
        }
        // Databases that begin alike must not meet when they are cut.
        var full = "_" + Sha256.of(database).substring(0, 6) + suffix;
        var cut = database;
        while (bytes(cut + full) > LIMIT) {
            cut = cut.substring(0, cut.offsetByCodePoints(cut.length(), -1));
        }
        return cut + full;
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
