package io.freedom.rollback.backup;

import java.util.Locale;

/** A rollback's id as part of database and folder names, whose length is limited. */
final class ShortId {
    private static final int LENGTH = 20;
    private static final int HASH = 12;

    private ShortId() {}

    /** The id itself where it is short and plain, else a hash: two ids never give the same name. */
    static String of(String rollbackId) {
        return rollbackId.length() <= LENGTH && rollbackId.matches("[a-z0-9_-]+")
                ? rollbackId
                : Sha256.of(rollbackId).substring(0, HASH).toLowerCase(Locale.ROOT);
    }
}
