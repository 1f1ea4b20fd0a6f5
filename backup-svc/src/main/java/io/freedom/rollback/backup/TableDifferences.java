package io.freedom.rollback.backup;

import io.freedom.rollback.backup.DumpRecord.Rows;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Compares two counts of a database's tables. */
final class TableDifferences {
    private TableDifferences() {}

    static List<String> between(List<Rows> expected, List<Rows> found) {
        var differences = new ArrayList<String>();
        var rest = byName(found);
        for (var want : expected) {
            var have = rest.remove(List.of(want.schema(), want.table()));
            if (have == null) {
                differences.add("%s.%s is missing".formatted(want.schema(), want.table()));
            } else if (have != want.rows()) {
                differences.add(
                        "%s.%s: %d rows instead of %d".formatted(want.schema(), want.table(), have, want.rows()));
            }
        }
        rest.keySet().stream()
                .map(name -> String.join(".", name) + " is not in the dump")
                .sorted()
                .forEach(differences::add);
        return differences;
    }

    private static Map<List<String>, Long> byName(List<Rows> tables) {
        return tables.stream().collect(Collectors.toMap(t -> List.of(t.schema(), t.table()), Rows::rows));
    }
}
