package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.CheckDatabaseServer;
import io.freedom.rollback.schemas.action.ContainersForecast;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseServerChecked;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.ImageSource;
import io.freedom.rollback.schemas.action.RowsChange;
import io.freedom.rollback.schemas.action.ServiceForecast;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether the target's server takes the data, against a real server and images of others. */
@Tag("engine")
class TargetServerTest {
    private static final String IMAGE = "rollback-test/other-server:1";

    private static PostgresContainer postgres;
    private static EngineProvider engines;
    private static Database database;

    @TempDir
    private Path temp;

    @BeforeAll
    static void start() throws Exception {
        TrustedSchemas.trust();
        postgres = new PostgresContainer();
        engines = new EngineProvider();
        database = postgres.database("freedom_kb");
        postgres.sql("postgres", "CREATE DATABASE freedom_kb");
        postgres.sql("freedom_kb", "CREATE TABLE documents (id int)", "INSERT INTO documents VALUES (1), (2)");
    }

    @AfterAll
    static void remove() throws Exception {
        engines.close();
        postgres.close();
    }

    /** An image of a server that can only say what it is. */
    private void image(String version, String... extensions) throws Exception {
        var script = "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n";
        Files.writeString(temp.resolve("postgres"), script);
        var folder = Files.createDirectories(temp.resolve("extension"));
        for (var extension : extensions) {
            Files.writeString(folder.resolve(extension + ".control"), "");
        }
        Files.writeString(temp.resolve("Dockerfile"), """
                FROM rollback-local/python:bookworm
                COPY postgres /usr/local/bin/postgres
                RUN printf '#!/bin/sh\\necho glibc 2.99\\n' > /usr/local/bin/getconf
                RUN chmod 755 /usr/local/bin/postgres /usr/local/bin/getconf
                COPY extension /usr/local/share/postgresql/extension
                """);
        PostgresContainer.docker("build", "--quiet", "--tag", IMAGE, temp.toString());
    }

    private DatabaseServerChecked check(boolean enforce, @Nullable String image, @Nullable String restorePoint)
            throws Exception {
        var step = new RunningStep("rb-target");
        if (image != null) {
            var service = new ServiceForecast(PostgresContainer.SERVICE, 1, 1, true, image, ImageSource.HERE);
            step.after(new ContainersForecast(List.of(service), List.of(), List.of()));
        }
        var action = new CheckDatabaseServer(postgres.compose(), database, restorePoint, enforce, false);
        var done = new CheckDatabaseServerHandler(engines, VAULT).execute(action, step);
        return (DatabaseServerChecked) done.result();
    }

    @Test
    void findsNothingWrongWithTheServerThatRuns() throws Exception {
        var found = check(true, "rollback-local/postgres:15", null);

        assertThat(found.getServerVersion()).startsWith("15.");
        assertThat(found.getTargetVersion()).as("the same image").isNull();
        assertThat(found.getExtensions()).contains("plpgsql 1.0");
        assertThat(found.getProblems()).isEmpty();
    }

    @Test
    void refusesAServerOfAnotherMajorVersionWithoutTheExtensions() throws Exception {
        image("16.4", "hstore");
        try {
            var found = check(false, IMAGE, null);

            assertThat(found.getTargetVersion()).isEqualTo("16");
            assertThat(found.getWarnings())
                    .as("indexes over text would find less than there is")
                    .anySatisfy(warning ->
                            assertThat(warning).contains("sorts text with glibc 2.99 instead of glibc", "REINDEX"));
            assertThat(found.getProblems())
                    .anySatisfy(problem ->
                            assertThat(problem).contains("the target's postgres is PostgreSQL 16, the data are of 15"))
                    .anySatisfy(problem -> assertThat(problem).contains("lacks extension plpgsql"));
            assertThatThrownBy(() -> check(true, IMAGE, null))
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                    .hasMessageContaining("nothing was stopped");
            assertThat(PostgresContainer.docker(
                            "ps", "--all", "--quiet", "--filter", "label=io.freedom.rollback.aside=" + IMAGE))
                    .as("the container that was asked is gone")
                    .isEmpty();
        } finally {
            PostgresContainer.docker("rmi", "--force", IMAGE);
        }
    }

    @Test
    void doesNotKnowOfAnImageThatIsNotHere() throws Exception {
        var found = check(true, "rollback-test/nowhere:1", null);

        assertThat(found.getWarnings())
                .singleElement()
                .asString()
                .contains("image rollback-test/nowhere:1 of the target's postgres is not here yet");
    }

    @Test
    void countsWhatARestoreWouldGiveUp() throws Exception {
        var point = temp.resolve("rb-point").toString();
        var step = new RunningStep("rb-point");
        new DumpDatabaseHandler(engines, VAULT)
                .execute(
                        DumpDatabase.newBuilder()
                                .setCompose(postgres.compose())
                                .setDatabase(database)
                                .setDirectory(point)
                                .build(),
                        step);
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(new WriteManifest(point, "freedom", "freedom_kb", false, "restore-point", null), step);
        postgres.sql("freedom_kb", "INSERT INTO documents VALUES (3)", "CREATE TABLE later (id int)");
        try {
            var found = check(false, null, point);

            assertThat(found.getChanges())
                    .containsExactly(
                            new RowsChange("public", "documents", 3L, 2L, null),
                            new RowsChange("public", "later", 0L, -1L, null));
            assertThat(found.getTransactions()).isEqualTo(2);
            assertThat(check(true, null, point).getChanges())
                    .as("not counted where nobody asks")
                    .isEmpty();
        } finally {
            postgres.sql("freedom_kb", "DROP TABLE later", "DELETE FROM documents WHERE id = 3");
        }
    }
}
