package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.TableRows;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known about a dump, kept beside it.
 *
 * @param serverVersion e.g. "15.18"
 * @param tool first line of `pg_dump --version`
 * @param tables exact rows in the very snapshot that was dumped
 * @param bytes that the database took on the server's disk; null where an older release took it
 * @param roles names of the server's roles, PostgreSQL's own left out; empty where an older release took it
 * @param nextTransaction id of the server's first transaction after that; null where an older release took it
 * @param snapshotAt the moment that it is of, by the worker's clock; null where an older release took it, and where it is of a moment of the WAL archive
 * @param dumpedAt when pg_dump was done with it; null likewise
 * @param lsn position in the server's WAL when the snapshot was taken, e.g. "0/16B3748": all that is in the dump lies before it; null where an older release
 *     took it
 * @param collation how the database sorts; null where an older release took it
 * @param constraints of the snapshot, and its indexes; empty where an older release took it
 */
record DumpRecord(
        String database,
        String serverVersion,
        String tool,
        List<Rows> tables,
        @Nullable Long bytes,
        List<String> roles,
        @Nullable Long nextTransaction,
        @Nullable Instant snapshotAt,
        @Nullable Instant dumpedAt,
        @Nullable String lsn,
        @Nullable Collation collation,
        List<Constraints> constraints) {
    DumpRecord {
        tables = List.copyOf(tables);
        roles = roles == null ? List.of() : List.copyOf(roles);
        constraints = constraints == null ? List.of() : List.copyOf(constraints);
    }

    record Rows(String schema, String table, long rows) {
        static Rows of(TableRows counted) {
            return new Rows(counted.getSchema$(), counted.getTable(), counted.getRows());
        }
    }

    /** The differences, each as "public.orders: 10 rows instead of 12"; empty when the tables hold the same rows, and no constraint is missing. */
    List<String> differences(List<TableRows> found, List<Constraints> constrained) {
        var differences = new ArrayList<>(
                TableDifferences.between(tables, found.stream().map(Rows::of).toList()));
        differences.addAll(Constraints.missing(constraints, constrained));
        return differences;
    }
}
