package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a recovered server was found to have when it was read through.
 *
 * @param version of the server
 * @param unchecked why amcheck has not looked at it; null where it found all in order
 */
record RecoveredRows(
        String version,
        int databases,
        int tables,
        long rows,
        @Nullable String unchecked) {
    private static final String DATABASES =
            "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname";

    /** What the server says of pages that are not as it wrote them. */
    private static final Pattern DAMAGED = Pattern.compile(
            "invalid page in block|could not read blocks?|missing chunk number|unexpected chunk|invalid memory alloc|could not access status of transaction");

    private static final int FOUND_DAMAGE = 2;
    /** pg_amcheck takes a query that failed for damage as well. */
    private static final Pattern HINDERED = Pattern.compile(
            "canceling statement|No space left on device|could not extend file|out of memory|out of shared memory|could not (load|access) (library|file)");

    private static final int SAID = 600;
    /** What was recovered is read-only, so that nothing of it changes by mistake; and its event triggers have no say in this. */
    private static final Map<String, String> WRITING = Map.of(
            "PGOPTIONS",
            TrialServer.PATIENT
                    + " -c default_transaction_read_only=off -c session_replication_role=replica -c client_min_messages=warning");

    /** @param server that nobody writes to */
    static RecoveredRows of(TrialServer server, StepContext step) throws StepFailure, InterruptedException {
        var all = server.asSuperuser();
        var unchecked = check(all);
        int databases = 0;
        int tables = 0;
        long rows = 0;
        for (var name : all.values("postgres", DATABASES)) {
            step.checkpoint();
            var counted = counted(all, name);
            databases++;
            tables += counted.size();
            rows += counted.stream().mapToLong(TableRows::getRows).sum();
        }
        return new RecoveredRows(all.version(), databases, tables, rows, unchecked);
    }

    private static List<TableRows> counted(TrialServer server, String database)
            throws StepFailure, InterruptedException {
        try {
            return server.count(database);
        } catch (StepFailure e) {
            if (DAMAGED.matcher(e.text()).find()) {
                throw damaged("database " + database + ": " + e.text());
            }
            throw e;
        }
    }

    /** All tables and B-tree indexes. Returns why that could not be looked at. */
    private static @Nullable String check(TrialServer server) throws StepFailure, InterruptedException {
        if (!server.has("pg_amcheck")
                || server.value("postgres", "SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'")
                        .isEmpty()) {
            return "the server's image has no amcheck";
        }
        var result = server.tried(
                List.of("pg_amcheck", "--all", "--install-missing", "--no-password", "--username=" + server.user()),
                WRITING,
                "checking tables and indexes in the throwaway server");
        var found = result.stdout() + result.stderr();
        if (result.exitCode() == FOUND_DAMAGE && !HINDERED.matcher(found).find()) {
            throw damaged("amcheck says: " + said(result.stdout()));
        }
        return result.succeeded() ? null : "pg_amcheck failed: " + said(found);
    }

    private static String said(String text) {
        var line = text.strip().replaceAll("\\s*\\R\\s*", " / ");
        return line.length() <= SAID ? line : line.substring(0, SAID) + "…";
    }

    private static StepFailure damaged(String what) {
        return new StepFailure(
                FailureKind.MISMATCH,
                "what was recovered from the WAL archive is damaged, as the live database may be: look there as well. "
                        + what);
    }

    String text() {
        return String.format(
                Locale.ROOT,
                "%d databases, %d tables and %,d rows read, %s",
                databases,
                tables,
                rows,
                unchecked == null ? "tables and indexes in order" : "indexes not checked: " + unchecked);
    }
}
