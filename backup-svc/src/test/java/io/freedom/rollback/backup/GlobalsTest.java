package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that is new has neither the roles nor the settings that a database had. */
@Tag("engine")
class GlobalsTest {
    private static final String DATABASE = "shop";
    private static final String ODD = "Odd \"role' of $it$";
    private static final String HASH = "SELECT rolpassword FROM pg_authid WHERE rolname = 'reader'";
    private static final String WORK_MEM =
            "SELECT setconfig::text FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
                    + " WHERE datname = 'shop' AND setrole = 0";

    @TempDir
    private Path temp;

    private final InstantSource clock = InstantSource.system();
    private PostgresContainer postgres;
    private EngineProvider engines;

    @BeforeEach
    void start() throws Exception {
        postgres = new PostgresContainer();
        engines = new EngineProvider();
        var odd = Sql.name(ODD);
        postgres.sql(
                "postgres",
                "CREATE ROLE " + odd + " CREATEDB CONNECTION LIMIT 3",
                "CREATE ROLE reader LOGIN PASSWORD 'only-for-tests' VALID UNTIL '2040-01-01'",
                "GRANT " + odd + " TO reader WITH ADMIN OPTION",
                "GRANT pg_read_all_stats TO reader",
                "ALTER ROLE reader SET search_path TO \"Some schema\", public",
                "CREATE DATABASE shop OWNER " + odd,
                "ALTER DATABASE shop SET work_mem = '7MB'",
                "ALTER ROLE reader IN DATABASE shop SET statement_timeout = '9s'",
                "REVOKE CONNECT ON DATABASE shop FROM PUBLIC",
                "GRANT CONNECT ON DATABASE shop TO reader",
                "COMMENT ON DATABASE shop IS 'It''s ours'");
        postgres.sql(
                DATABASE,
                "CREATE TABLE orders AS SELECT generate_series(1, 5) AS id",
                "ALTER TABLE orders OWNER TO " + odd,
                "GRANT SELECT ON orders TO reader");
        var directory = point().directory().toString();
        new DumpDatabaseHandler(engines, VAULT)
                .execute(
                        DumpDatabase.newBuilder()
                                .setCompose(postgres.compose())
                                .setDatabase(postgres.database(DATABASE))
                                .setDirectory(directory)
                                .build(),
                        step());
        verify();
    }

    private void verify() throws Exception {
        var directory = point().directory().toString();
        Vaults.manifests(VAULT, clock)
                .execute(new WriteManifest(directory, "freedom", DATABASE, false, "restore-point", null), step());
        new VerifyRestorePointHandler(engines, VAULT, clock)
                .execute(
                        new VerifyRestorePoint(postgres.compose(), directory, postgres.database(DATABASE), false),
                        step());
    }

    @AfterEach
    void stop() throws Exception {
        postgres.close();
        engines.close();
    }

    private RestorePoint point() throws Exception {
        return RestorePoint.at(temp.resolve("rb-globals").toString());
    }

    private static RunningStep step() {
        return new RunningStep("rb-globals");
    }

    private String restore(PostgresContainer into) throws Exception {
        return new RestoreDatabaseHandler(engines, VAULT, InstantSource.system())
                .execute(
                        RestoreDatabase.newBuilder()
                                .setCompose(into.compose())
                                .setDatabase(into.database(DATABASE))
                                .setRestorePoint(point().directory().toString())
                                .build(),
                        step())
                .detail();
    }

    @Test
    void givesANewServerTheRolesAndTheDatabaseItsSettings() throws Exception {
        var hash = postgres.value("postgres", HASH);
        try (var fresh = new PostgresContainer()) {
            fresh.sql("postgres", "CREATE DATABASE shop");

            assertThat(restore(fresh))
                    .contains("created roles that the server lacked: " + ODD + ", reader")
                    .doesNotContain("not all of it");

            assertThat(fresh.value("postgres", HASH)).isEqualTo(hash);
            assertThat(fresh.value(
                            "postgres",
                            "SELECT string_agg(r.rolname || ' ' || admin_option, ', ' ORDER BY r.rolname COLLATE \"C\")"
                                    + " FROM pg_auth_members a JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member"
                                    + " WHERE m.rolname = 'reader'"))
                    .isEqualTo(ODD + " true, pg_read_all_stats false");
            assertThat(
                            fresh.value(
                                    "postgres",
                                    "SELECT rolcreatedb || ' ' || rolcanlogin || ' ' || rolconnlimit FROM pg_roles WHERE rolname LIKE 'Odd%'"))
                    .isEqualTo("true false 3");
            assertThat(fresh.value("postgres", "SELECT rolconfig::text FROM pg_roles WHERE rolname = 'reader'"))
                    .isEqualTo(postgres.value(
                            "postgres", "SELECT rolconfig::text FROM pg_roles WHERE rolname = 'reader'"));
            assertThat(fresh.value(
                            "postgres", "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'"))
                    .isEqualTo(ODD);
            assertThat(fresh.value("postgres", WORK_MEM)).isEqualTo("{work_mem=7MB}");
            assertThat(fresh.value(
                            "postgres",
                            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'shop'"))
                    .isEqualTo("It's ours");
            assertThat(fresh.value("postgres", "SELECT has_database_privilege('reader', 'shop', 'CONNECT')::text"))
                    .isEqualTo("true");
            assertThat(fresh.value(DATABASE, "SELECT tableowner FROM pg_tables WHERE tablename = 'orders'"))
                    .isEqualTo(ODD);
        }
    }

    @Test
    void leavesTheRolesOfTheSameServerAndWhatWasChangedSince() throws Exception {
        postgres.sql(
                "postgres",
                "ALTER ROLE reader PASSWORD 'another-for-tests'",
                "ALTER DATABASE shop SET work_mem = '8MB'");
        var hash = postgres.value("postgres", HASH);

        assertThat(restore(postgres)).doesNotContain("created roles");

        assertThat(postgres.value("postgres", HASH)).isEqualTo(hash);
        assertThat(postgres.value("postgres", WORK_MEM)).isEqualTo("{work_mem=8MB}");
    }

    @Test
    void letsNobodyInWhoWasRemovedSince() throws Exception {
        postgres.sql(DATABASE, "DROP OWNED BY reader");
        postgres.sql("postgres", "ALTER ROLE reader IN DATABASE shop RESET ALL", "DROP ROLE reader");

        assertThat(restore(postgres)).contains("made without login, as they were removed since: reader");

        assertThat(
                        postgres.value(
                                "postgres",
                                "SELECT rolcanlogin::text || (rolpassword IS NULL)::text FROM pg_authid WHERE rolname = 'reader'"))
                .isEqualTo("falsetrue");
        assertThat(postgres.value(
                        "postgres",
                        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
                                + " WHERE rolname = 'reader'"))
                .isEqualTo("0");
    }

    @Test
    void givesBackWhatMembersThatAreThereAlreadyWereIn() throws Exception {
        try (var fresh = new PostgresContainer()) {
            fresh.sql("postgres", "CREATE DATABASE shop", "CREATE ROLE reader LOGIN");

            restore(fresh);

            assertThat(fresh.value(
                            "postgres",
                            "SELECT pg_has_role('reader', oid, 'MEMBER')::text FROM pg_roles"
                                    + " WHERE rolname LIKE 'Odd%'"))
                    .isEqualTo("true");
        }
    }

    @Test
    void restoresTheDataThoughASettingIsUnknown() throws Exception {
        var text = Vaults.text(point().globals());
        Vaults.write(point().globals(), text.replace("\\\"work_mem\\\"", "\\\"no_such_setting\\\""));
        verify();
        try (var fresh = new PostgresContainer()) {
            fresh.sql("postgres", "CREATE DATABASE shop");

            assertThat(restore(fresh)).contains("not given to the database: ALTER DATABASE ", "no_such_setting");

            assertThat(fresh.value(DATABASE, "SELECT count(*) FROM orders")).isEqualTo("5");
        }
    }

    @Test
    void hidesPasswordsFromOthers() throws Exception {
        var file = Vault.find(point().globals()).orElseThrow();
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PrivateFiles.FILE);
        assertThat(file)
                .content(StandardCharsets.ISO_8859_1)
                .startsWith("age-encryption.org/v1\n")
                .doesNotContain("SCRAM");
    }
}
