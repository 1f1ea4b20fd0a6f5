package io.freedom.rollback.backup;

import java.util.Optional;

/** What works between versions of PostgreSQL. Each rule says what does not, and what to do; nothing where it works. */
final class VersionRules {
    /** The oldest whose slots have a bound, and that was ever tried. */
    static final int OLDEST = 13;
    /** The newest that was there. */
    static final int NEWEST = 18;

    private VersionRules() {}

    /** E.g. 15 of "15.18", 18 of "18beta1". */
    static int major(String version) {
        return Integer.parseInt(ServerImage.major(version));
    }

    static Optional<String> server(String server) {
        return major(server) < OLDEST
                ? Optional.of("PostgreSQL " + server + " is too old: rollbacks need " + OLDEST
                        + " or newer; upgrade the server, or leave its database out of the platform's description")
                : Optional.empty();
    }

    /** No reason to refuse, when people are in need. */
    static Optional<String> newness(String server) {
        return major(server) > NEWEST
                ? Optional.of("PostgreSQL " + server + " is newer than what rollbacks were made for, up to " + NEWEST
                        + ": see that a restore point can be restored (rollbackctl backups verify)")
                : Optional.empty();
    }

    /** An older pg_dump refuses a newer server; a newer one may write what it does not understand. */
    static Optional<String> tool(String tool, String version, String container, String server) {
        return major(version) < major(server)
                ? Optional.of(tool + " of container " + container + " is " + version + ", older than the server, "
                        + server + ": install the server's own client tools in its image")
                : Optional.empty();
    }

    /** A server takes dumps of its own version and of older ones. */
    static Optional<String> dump(String restorePoint, String dumped, String server) {
        return major(dumped) > major(server)
                ? Optional.of("restore point " + restorePoint + " is of PostgreSQL " + dumped
                        + ", newer than the server, " + server + ", which does not read it: choose another")
                : Optional.empty();
    }

    /** Data directories and WAL are of one version alone. */
    static boolean sharesFiles(String one, String other) {
        return major(one) == major(other);
    }

    /** Since then there are incremental base backups, and the tool that combines them. */
    static boolean takesIncrements(String server) {
        return major(server) >= 17;
    }

    static Optional<String> walArchive(String server) {
        return major(server) < OLDEST
                ? Optional.of("the WAL of PostgreSQL " + server + " is not archived: " + OLDEST + " or newer is needed")
                : Optional.empty();
    }
}
