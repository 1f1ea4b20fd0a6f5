package io.freedom.rollback.backup;

import io.freedom.rollback.vault.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/**
 * Which databases a restore point has dumps of, written before the record of the platform's own.
 *
 * @param databases names, the platform's first
 * @param oneMoment whether all are as they were at one and the same moment
 * @param leftOut databases of the server that are not among them, each with the reason
 */
record Dumps(List<String> databases, boolean oneMoment, List<String> leftOut) {
    Dumps {
        databases = List.copyOf(databases);
        leftOut = List.copyOf(leftOut);
    }

    static Dumps none() {
        return new Dumps(List.of(), true, List.of());
    }

    /** Of an older release there is one alone. */
    static Dumps of(RestorePoint point, String database) throws IOException {
        return Files.exists(point.dumps())
                ? Json.read(point.dumps(), Dumps.class)
                : new Dumps(List.of(database), true, List.of());
    }

    void write(RestorePoint point) throws IOException {
        PrivateFiles.write(point.dumps(), Json.text(this));
    }

    /** Removes what an earlier attempt has dumped: of another moment, or of a database that is gone. */
    static void discard(RestorePoint point) throws IOException {
        PrivateFiles.delete(point.databases());
        PrivateFiles.delete(point.dumps());
    }

    /** All but the platform's. */
    List<String> others() {
        return databases.subList(Math.min(1, databases.size()), databases.size());
    }

    /** What operators should know about it; empty for nothing. */
    String note() {
        var moments = oneMoment
                ? ""
                : "; each is whole in itself, but they are not of one moment: transactions went on while the snapshots were taken";
        return moments + (leftOut.isEmpty() ? "" : "; left out: " + String.join(", ", leftOut));
    }
}
