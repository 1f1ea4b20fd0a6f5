package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepFailure;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a database sorts text.
 *
 * @param provider libc, icu or builtin
 * @param locale e.g. "en_US.utf8"
 * @param version of the library that its indexes are sorted by, as the database has it noted; null before PostgreSQL 15, and for an order that never
 *     changes, as that of "C" does not
 * @param library version that the server has now, which differs where the operating system below the database was changed; null likewise
 */
record Collation(
        String provider,
        String locale,
        @Nullable String version,
        @Nullable String library) {
    private static final int NOTED_SINCE = 15;
    private static final String BEFORE = "SELECT 'libc', datcollate, NULL, NULL FROM pg_database WHERE datname = %s";
    /** The column of the locale was renamed in 17. */
    private static final String QUERY = """
            SELECT CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
                   coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', d.datcollate),
                   d.datcollversion, pg_database_collation_actual_version(d.oid)
              FROM pg_database d WHERE d.datname = %s
            """;

    static Collation of(Globals.Query query, String serverVersion, String database)
            throws SQLException, StepFailure, InterruptedException {
        var sql = VersionRules.major(serverVersion) < NOTED_SINCE ? BEFORE : QUERY;
        var row = query.rows(sql.formatted(Sql.literal(database))).getFirst();
        return new Collation(String.valueOf(row.getFirst()), String.valueOf(row.get(1)), row.get(2), row.get(3));
    }

    /** E.g. "libc en_US.utf8, version 2.36". */
    String text() {
        var text = provider + " " + locale;
        if (version == null) {
            return text;
        }
        return text + ", version " + version
                + (library == null || version.equals(library) ? "" : " (the server had " + library + " by then)");
    }

    /**
     * What is to be said where the same text may be sorted otherwise now. No reason to refuse: pg_restore builds each index anew, by the library that
     * the server has. But ranges of partitions, and what an application has sorted and stored, are not.
     */
    Optional<String> differs(Collation now) {
        var before = library == null ? version : library;
        var after = now.version;
        if (before == null || after == null || before.equals(after)) {
            return Optional.empty();
        }
        return !provider.equals(now.provider) || !locale.equals(now.locale)
                ? Optional.empty()
                : Optional.of(
                        "text may be sorted otherwise than when it was dumped (%s %s: version %s then, %s now); all indexes are built anew"
                                .formatted(provider, locale, before, after));
    }
}
