package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepFailure;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How many constraints of a kind a table has, or a domain. An index counts as one.
 *
 * @param kind such as {@code foreign keys}
 * @param all those that are there
 * @param valid those that all rows were checked for; of indexes only such are looked at, for pg_dump leaves out the others
 */
record Constraints(String schema, String table, String kind, int all, int valid) {
    /**
     * What pg_dump takes: not what partitions have of the table that they belong to, nor what extensions bring. NOT NULL is counted by no server before 18.
     */
    private static final String QUERY = """
            SELECT n.nspname, k.name, k.kind, count(*)::text, (count(*) FILTER (WHERE k.valid))::text
              FROM (SELECT c.tableoid AS catalogue, c.oid, c.relnamespace AS namespace, c.relname AS name, k.contype::text AS kind,
                           k.convalidated AS valid
                      FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
                     WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND k.conparentid = 0 AND c.relpersistence <> 't'
                       AND NOT (k.coninhcount > 0 AND NOT k.conislocal)
                    UNION ALL
                    SELECT t.tableoid, t.oid, t.typnamespace, t.typname, k.contype::text, k.convalidated
                      FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type t ON t.oid = k.contypid
                     WHERE k.contype = 'c'
                    UNION ALL
                    SELECT c.tableoid, c.oid, c.relnamespace, c.relname, 'i', true
                      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
                     WHERE i.indisvalid AND c.relpersistence <> 't') k
              JOIN pg_catalog.pg_namespace n ON n.oid = k.namespace
             WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                                WHERE d.classid = k.catalogue AND d.objid = k.oid AND d.deptype = 'e')
             GROUP BY 1, 2, 3
             ORDER BY n.nspname COLLATE "C", k.name COLLATE "C", k.kind
            """;

    private static final Map<String, String> KINDS = Map.of(
            "c", "check constraints",
            "f", "foreign keys",
            "p", "primary keys",
            "u", "unique constraints",
            "x", "exclusion constraints",
            "i", "valid indexes");

    /** @param query of the database itself */
    static List<Constraints> of(Globals.Query query) throws SQLException, StepFailure, InterruptedException {
        var all = new ArrayList<Constraints>();
        for (var row : query.rows(QUERY)) {
            all.add(new Constraints(
                    String.valueOf(row.getFirst()),
                    String.valueOf(row.get(1)),
                    KINDS.getOrDefault(String.valueOf(row.get(2)), "others"),
                    Integer.parseInt(String.valueOf(row.get(3))),
                    Integer.parseInt(String.valueOf(row.get(4)))));
        }
        return all;
    }

    private List<String> key() {
        return List.of(schema, table, kind);
    }

    /** What is missing of those that were dumped, each as "public.orders: 1 foreign keys instead of 2". What is there besides does no harm. */
    static List<String> missing(List<Constraints> dumped, List<Constraints> found) {
        var there = found.stream().collect(Collectors.toMap(Constraints::key, it -> it));
        var missing = new ArrayList<String>();
        for (var want : dumped) {
            var have = there.getOrDefault(want.key(), new Constraints(want.schema, want.table, want.kind, 0, 0));
            var where = want.schema + "." + want.table + ": ";
            if (have.all < want.all) {
                missing.add(where + "%d %s instead of %d".formatted(have.all, want.kind, want.all));
            } else if (have.valid < want.valid) {
                missing.add(where
                        + "%d of %d %s validated instead of %d".formatted(have.valid, have.all, want.kind, want.valid));
            }
        }
        return missing;
    }
}
