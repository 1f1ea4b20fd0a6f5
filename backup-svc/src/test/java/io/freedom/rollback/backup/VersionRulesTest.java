package io.freedom.rollback.backup;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.engine.ExecResult;
import io.freedom.rollback.schemas.step.FailureKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VersionRulesTest {
    @ParameterizedTest
    @ValueSource(strings = {"13.23", "14.20", "15.18", "16.11", "17.12", "18.1", "18beta2"})
    void takesEachServerThatItIsFor(String server) {
        assertThat(VersionRules.server(server)).isEmpty();
        assertThat(VersionRules.newness(server)).isEmpty();
        assertThat(VersionRules.walArchive(server)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"12.22", "9.6.24"})
    void refusesServersThatAreTooOld(String server) {
        assertThat(VersionRules.server(server))
                .hasValueSatisfying(reason -> assertThat(reason)
                        .startsWith("PostgreSQL " + server + " is too old: rollbacks need 13 or newer; upgrade"));
        assertThat(VersionRules.walArchive(server))
                .hasValueSatisfying(reason -> assertThat(reason).contains("is not archived: 13 or newer is needed"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"19.0", "19devel"})
    void warnsOfServersThatNobodyHasTried(String server) {
        assertThat(VersionRules.server(server)).isEmpty();
        assertThat(VersionRules.newness(server))
                .hasValueSatisfying(warning -> assertThat(warning).contains("up to 18", "rollbackctl backups verify"));
    }

    @ParameterizedTest
    @CsvSource({"13.22, false", "14.19, false", "15.18, false", "16.10, false", "17.0, true", "18beta1, true"})
    void knowsWhichGiveIncrementalBaseBackups(String server, boolean incremental) {
        assertThat(VersionRules.takesIncrements(server)).isEqualTo(incremental);
    }

    @Test
    void takesADumpOfTheServersOwnVersionOrAnOlderOne() {
        for (int dumped = VersionRules.OLDEST; dumped <= VersionRules.NEWEST; dumped++) {
            for (int server = VersionRules.OLDEST; server <= VersionRules.NEWEST; server++) {
                var refusal = VersionRules.dump("rb-1", dumped + ".1", server + ".0");
                assertThat(refusal.isEmpty()).as(dumped + " into " + server).isEqualTo(server >= dumped);
                assertThat(VersionRules.sharesFiles(dumped + ".1", server + ".0"))
                        .as("files of %d by %d", dumped, server)
                        .isEqualTo(server == dumped);
                var tool = VersionRules.tool("pg_dump", dumped + ".1", "db-1", server + ".0");
                assertThat(tool.isEmpty())
                        .as("pg_dump %d of server %d", dumped, server)
                        .isEqualTo(dumped >= server);
            }
        }
        assertThat(VersionRules.dump("rb-1", "17.12", "15.18"))
                .contains(
                        "restore point rb-1 is of PostgreSQL 17.12, newer than the server, 15.18, which does not read it:"
                                + " choose another");
        assertThat(VersionRules.tool("pg_dump", "15.18", "db-1", "17.12"))
                .contains("pg_dump of container db-1 is 15.18, older than the server, 17.12: install the server's own"
                        + " client tools in its image");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | more than max_slot_wal_keep_size (of max_slot_wal_keep_size) was waiting",
                "wal_removed | more than max_slot_wal_keep_size (of max_slot_wal_keep_size) was waiting",
                "idle_timeout | longer than idle_replication_slot_timeout (of idle_replication_slot_timeout)",
                "wal_level_insufficient | given up the replication slot: wal_level_insufficient",
            })
    void saysWhyAServerGivesUpASlot(String reason, String said) throws Exception {
        assertThat(WalSource.whyLost(reason, name -> "of " + name)).contains(said);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pg_dump: error: aborting because of server version mismatch | install the server's own client tools",
                "pg_restore: error: unsupported version (1.16) in file header | made by newer tools than pg_restore",
            })
    void saysWhichOfTheToolsIsTooOld(String stderr, String said) {
        var tool = stderr.substring(0, stderr.indexOf(':'));
        var failure = PostgresTools.failure(tool, new ExecResult(1, "", stderr, false));

        assertThat(failure.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(failure.text()).contains(said);
        assertThat(PostgresTools.blamesTheDump(failure)).isFalse();
    }
}
