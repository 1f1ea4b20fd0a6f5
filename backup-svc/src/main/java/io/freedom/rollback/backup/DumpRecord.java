package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.TableRows;
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
 */
record DumpRecord(
        String database,
        String serverVersion,
        String tool,
        List<Rows> tables,
        @Nullable Long bytes,
        List<String> roles,
        @Nullable Long nextTransaction) {
    DumpRecord {
        tables = List.copyOf(tables);
        roles = roles == null ? List.of() : List.copyOf(roles);
    }

    record Rows(String schema, String table, long rows) {
        static Rows of(TableRows counted) {
            return new Rows(counted.getSchema$(), counted.getTable(), counted.getRows());
        }
    }

    /** The differences, each as "public.orders: 10 rows instead of 12"; empty when the tables hold the same rows. */
    List<String> differences(List<TableRows> found) {
        return TableDifferences.between(tables, found.stream().map(Rows::of).toList());
    }
}
