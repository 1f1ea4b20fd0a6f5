package io.freedom.rollback.backup;

import java.sql.Connection;
import java.sql.SQLException;

/** Ids of transactions that write, which the server counts up and never takes back. */
final class Transactions {
    private Transactions() {}

    /** The first that the present snapshot does not see. The older function is there in every version. */
    static long next(Connection connection) throws SQLException {
        return Long.parseLong(Sql.value(connection, "SELECT txid_snapshot_xmax(txid_current_snapshot())"));
    }
}
