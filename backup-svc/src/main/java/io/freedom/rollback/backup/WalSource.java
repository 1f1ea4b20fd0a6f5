package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** The server whose WAL is archived, and its replication slot, which keeps what was not fetched yet. */
final class WalSource {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration WHILE_IT_COMES = Duration.ofMinutes(1);
    private static final String FOREIGN_SLOT = "55006"; // object in use
    private static final String FORBIDDEN = "42501"; // insufficient privilege

    /** What a receiver has on its disk; unlike pg_stat_replication, every role may see it. */
    private static final String FETCHED =
            "SELECT coalesce(bool_or(active AND restart_lsn >= ?::pg_lsn), false) FROM pg_replication_slots WHERE slot_name = ?";

    private final Connection connection;
    private final String slot;
    private final StepContext step;

    WalSource(Connection connection, String platform, StepContext step) {
        this.connection = connection;
        this.slot = slot(platform);
        this.step = step;
    }

    /** Of a platform: names of slots may hold less than names of platforms, and no more than 63 characters. */
    static String slot(String platform) {
        return "rollback_" + Sha256.of(platform).substring(0, 12);
    }

    String slot() {
        return slot;
    }

    /** Fails where such a server cannot be archived, with what to change. */
    void require() throws SQLException, StepFailure {
        var old = VersionRules.walArchive(version());
        if (old.isPresent()) {
            throw new StepFailure(FailureKind.PRECONDITION, old.get());
        }
        if (Sql.value(connection, "SHOW wal_level").equals("minimal")) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "wal_level of the database server is minimal: set it to replica and restart the server");
        }
    }

    /** Fails where no base backup can be taken of it. */
    void requireNoTablespaces() throws SQLException, StepFailure {
        var others = Sql.rows(
                connection,
                "SELECT string_agg(spcname, ', ' ORDER BY spcname) FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')");
        var names = others.getFirst().getFirst();
        if (names != null) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the server has tablespaces of its own (%s), and no moment can be derived with them: move what is in them to pg_default and drop them, or remove `backups.wal` from the descriptor"
                            .formatted(names));
        }
    }

    String systemIdentifier() throws SQLException {
        return Sql.value(connection, "SELECT system_identifier FROM pg_control_system()");
    }

    String version() throws SQLException {
        return Sql.serverVersion(connection);
    }

    long segmentSize() throws SQLException {
        return Long.parseLong(
                Sql.value(connection, "SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'"));
    }

    /** That it listens on inside its container. */
    String port() throws SQLException {
        return Sql.value(connection, "SHOW port");
    }

    /** Bytes of all its databases. */
    long size() throws SQLException {
        return Long.parseLong(Sql.value(connection, "SELECT sum(pg_database_size(oid))::bigint FROM pg_database"));
    }

    /**
     * A slot that nobody reads keeps WAL without end, and fills the platform's disk: the server itself is told how much, since it is there when
     * nobody else is. What the server has already stays, and what others may rely on. Returns whether it had to be told; fails where it has no bound
     * then.
     */
    boolean bound(long bytes) throws SQLException, StepFailure, InterruptedException {
        if (isBounded()) {
            return false;
        }
        var others = Sql.rows(connection, "SELECT slot_name FROM pg_replication_slots WHERE slot_name <> ?", slot);
        if (!others.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "max_slot_wal_keep_size of the server is not set, and it has replication slots of others (%s): set it to what they can do with, then reload"
                            .formatted(others.getFirst().getFirst()));
        }
        step.checkpoint();
        setBound("ALTER SYSTEM SET max_slot_wal_keep_size = '" + Math.max(64, bytes >> 20) + "MB'");
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!isBounded()) {
            if (System.nanoTime() > end) {
                release();
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "max_slot_wal_keep_size of the server stays -1, so a slot could fill its disk: set it where the server's command line or its"
                                + " configuration does");
            }
            Thread.sleep(50);
        }
        return true;
    }

    private void setBound(String statement) throws SQLException, StepFailure {
        try {
            Sql.execute(connection, statement);
            Sql.value(connection, "SELECT pg_reload_conf()");
        } catch (SQLException e) {
            if (FORBIDDEN.equals(e.getSQLState())) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "max_slot_wal_keep_size of the server is not set, so a slot could fill its disk, and the platform's role may not set it: let a superuser do it, by "
                                + statement + "; SELECT pg_reload_conf()",
                        e);
            }
            throw e;
        }
    }

    private boolean isBounded() throws SQLException {
        return !Sql.value(connection, "SHOW max_slot_wal_keep_size").equals("-1");
    }

    /** Whether it summarizes its WAL: without that, and before PostgreSQL 17, it gives no incremental base backups. */
    boolean summarizes() throws SQLException {
        return Sql.value(connection, "SELECT coalesce(current_setting('summarize_wal', true), '')")
                .equals("on");
    }

    /** Tells it to, which needs no new start. Returns why it does not; empty where it does. */
    Optional<String> summarize() throws SQLException, InterruptedException {
        step.checkpoint();
        try {
            Sql.execute(connection, "ALTER SYSTEM SET summarize_wal = on");
            Sql.value(connection, "SELECT pg_reload_conf()");
        } catch (SQLException e) {
            if (FORBIDDEN.equals(e.getSQLState())) {
                return Optional.of(
                        "summarize_wal of the server is off, and the platform's role may not switch it on: let a superuser do it");
            }
            throw e;
        }
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!summarizes()) {
            if (System.nanoTime() > end) {
                return Optional.of(
                        "summarize_wal of the server stays off: set it where the server's command line or its configuration does");
            }
            Thread.sleep(50);
        }
        return Optional.empty();
    }

    /** Whether its pages have checksums. */
    boolean checksums() throws SQLException {
        return Sql.value(connection, "SHOW data_checksums").equals("on");
    }

    /** Whether anybody fetches what the slot has. */
    boolean isRead() throws SQLException {
        return Sql.holds(
                connection,
                "SELECT coalesce(bool_or(active), false) FROM pg_replication_slots WHERE slot_name = ?",
                slot);
    }

    /** Where it writes. */
    Lsn position() throws SQLException {
        return Lsn.of(Sql.value(connection, "SELECT pg_current_wal_insert_lsn()"))
                .orElseThrow();
    }

    /** Why what the slot has does not follow what was fetched; empty where it does. */
    Optional<String> lost() throws SQLException {
        var found = Sql.rows(
                connection,
                "SELECT coalesce(wal_status, ''), coalesce(to_jsonb(s) ->> 'invalidation_reason', '')"
                        + " FROM pg_replication_slots s WHERE slot_name = ?",
                slot);
        if (found.isEmpty()) {
            return Optional.of("its replication slot " + slot + " is gone");
        }
        return "lost".equals(found.getFirst().getFirst())
                ? Optional.of(whyLost(String.valueOf(found.getFirst().get(1)), this::setting))
                : Optional.empty();
    }

    private String setting(String name) throws SQLException {
        return Sql.value(connection, "SELECT current_setting(?)", name);
    }

    /** Of the server. */
    interface Settings {
        String of(String name) throws SQLException;
    }

    /** @param reason as newer servers give it; empty before 17 */
    static String whyLost(String reason, Settings settings) throws SQLException {
        return switch (reason) {
            case "", "wal_removed" ->
                "the server has removed WAL that was not fetched: more than max_slot_wal_keep_size ("
                        + settings.of("max_slot_wal_keep_size") + ") was waiting";
            case "idle_timeout" ->
                "the server has given up the replication slot, since nobody fetched for longer than"
                        + " idle_replication_slot_timeout (" + settings.of("idle_replication_slot_timeout") + ")";
            default -> "the server has given up the replication slot: " + reason;
        };
    }

    /** Makes the slot anew. */
    void reserve() throws SQLException, StepFailure, InterruptedException {
        release();
        step.checkpoint();
        Sql.rows(connection, "SELECT slot_name FROM pg_create_physical_replication_slot(?, true)", slot);
    }

    /** Nothing is kept for the archive any more. Nothing happens where there is no slot. */
    void release() throws SQLException, StepFailure, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            step.checkpoint();
            var found = Sql.rows(connection, "SELECT active_pid FROM pg_replication_slots WHERE slot_name = ?", slot);
            if (found.isEmpty()) {
                return;
            }
            var reader = found.getFirst().getFirst();
            if (reader != null) {
                Sql.rows(connection, "SELECT pg_terminate_backend(?::int)", reader);
            }
            try {
                Sql.rows(connection, "SELECT pg_drop_replication_slot(?)::text", slot);
                return;
            } catch (SQLException e) {
                if (!FOREIGN_SLOT.equals(e.getSQLState()) || System.nanoTime() > end) {
                    throw e;
                }
                Thread.sleep(100);
            }
        }
    }

    /**
     * Waits until all that is committed now is fetched, at most 10 s. A transaction of our own follows it, so that there is one to stop before
     * whatever moment until now is asked for. Empty where it is not fetched.
     */
    Optional<WalCovered> cover() throws SQLException, InterruptedException {
        var at = Sql.value(
                connection,
                "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
        var written = Sql.value(connection, "SELECT pg_current_wal_insert_lsn()");
        long transaction;
        boolean alone;
        connection.setAutoCommit(false);
        try {
            Sql.execute(connection, "SET LOCAL synchronous_commit = local");
            // A transaction that has written nothing is committed without waiting for the disk.
            Sql.value(connection, "SELECT pg_logical_emit_message(true, 'rollback', '')");
            transaction = Long.parseLong(Sql.value(connection, "SELECT pg_current_xact_id()::text"));
            alone = Sql.holds(connection, "SELECT pg_snapshot_xmin(pg_current_snapshot()) = pg_current_xact_id()");
            connection.commit();
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
        var through = Sql.value(connection, "SELECT pg_current_wal_flush_lsn()");
        var moment = OffsetDateTime.parse(at).toInstant().truncatedTo(ChronoUnit.MICROS);
        return awaitFetched(through)
                ? Optional.of(new WalCovered(moment, written, through, transaction, alone, moment))
                : Optional.empty();
    }

    /** The segment that is being written is finished. Returns whether the role may do that. */
    boolean finishSegment() throws SQLException {
        try {
            Sql.value(connection, "SELECT pg_switch_wal()");
            return true;
        } catch (SQLException e) {
            if (FORBIDDEN.equals(e.getSQLState())) {
                return false;
            }
            throw e;
        }
    }

    /** Whether all up to that position is fetched: within 10 s, and within a minute as long as something comes in. */
    boolean awaitFetchedWhileItComes(String lsn) throws SQLException, InterruptedException {
        long end = System.nanoTime() + WHILE_IT_COMES.toNanos();
        var before = fetched();
        while (!awaitFetched(lsn)) {
            var now = fetched();
            if (now.equals(before) || System.nanoTime() > end) {
                return false;
            }
            before = now;
        }
        return true;
    }

    private String fetched() throws SQLException {
        return Sql.value(
                connection,
                "SELECT coalesce(max(restart_lsn)::text, '') FROM pg_replication_slots WHERE slot_name = ?",
                slot);
    }

    /** Whether all up to that position is fetched within 10 s. */
    boolean awaitFetched(String lsn) throws SQLException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!Sql.holds(connection, FETCHED, lsn, slot)) {
            step.checkpoint();
            if (System.nanoTime() > end) {
                return false;
            }
            Thread.sleep(50);
        }
        return true;
    }
}
