package io.freedom.rollback.ctl;

import java.security.SecureRandom;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** {@code rb-20261123-101500-a3f9}: sortable, readable over the phone, chosen by the sender. */
final class RollbackIds {
    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final SecureRandom RANDOM = new SecureRandom();

    private RollbackIds() {}

    static String next(Instant now) {
        return next("rb-", now);
    }

    /** Of a look that goes with a plan. */
    static String nextLook(Instant now) {
        return next("look-", now);
    }

    static String nextDrill(Instant now) {
        return next("drill-", now);
    }

    private static String next(String prefix, Instant now) {
        return prefix + SECOND.format(now) + String.format(Locale.ROOT, "-%04x", RANDOM.nextInt(0x10000));
    }
}
