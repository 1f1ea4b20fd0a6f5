package io.freedom.rollback.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.freedom.rollback.schemas.action.AwaitDatabase;
import io.freedom.rollback.schemas.action.BaselineRecorded;
import io.freedom.rollback.schemas.action.CheckDatabase;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseChecked;
import io.freedom.rollback.schemas.action.DatabaseReady;
import io.freedom.rollback.schemas.action.RecordBaseline;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.action.WritersStopped;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class DatabaseHandlersTest {
    private static final Containers CONTAINERS = new Containers();
    private static final String PASSWORD = "rollback-test";
    private static Database database = new Database();

    private final RecordedStep step = step(Duration.ofSeconds(60));

    @BeforeAll
    static void startsPostgres() throws Exception {
        var id = CONTAINERS.run(
                "--publish=127.0.0.1::5432",
                "--env=POSTGRES_USER=freedom",
                "--env=POSTGRES_DB=freedom_kb",
                "--env=POSTGRES_PASSWORD=" + PASSWORD,
                "rollback-local/postgres:15");
        database = Database.newBuilder()
                .setService("postgres")
                .setName("freedom_kb")
                .setUser("freedom")
                .setJdbcUrl("jdbc:postgresql://127.0.0.1:" + CONTAINERS.port(id, 5432) + "/freedom_kb")
                .setPassword("${env:PGPASSWORD}")
                .build();
        // The server is still creating its cluster: this is what the handler is for.
        var ready = new AwaitDatabaseHandler().execute(new AwaitDatabase(database, true), step(Duration.ofMinutes(2)));
        assertThat(((DatabaseReady) ready.result()).getServerVersion()).startsWith("15.");
    }

    @AfterAll
    static void stopsPostgres() throws Exception {
        CONTAINERS.close();
    }

    @BeforeEach
    void fillsTables() throws SQLException {
        sql("DROP TABLE IF EXISTS documents, vectors, extra");
        sql("CREATE TABLE documents AS SELECT generate_series(1, 1200) AS id");
        sql("CREATE TABLE vectors (id int)");
    }

    @Test
    void recordsTheExactRowsOfEveryTable() throws Exception {
        var done = new RecordBaselineHandler().execute(new RecordBaseline(database), step);

        assertThat(((BaselineRecorded) done.result()).getTables())
                .containsExactly(new TableRows("public", "documents", 1200L), new TableRows("public", "vectors", 0L));
        assertThat(done.detail()).isEqualTo("2 tables, 1,200 rows");
        assertThat(step.notes()).contains("2/0 tables counting rows of freedom_kb");
    }

    @Test
    void acceptsADatabaseThatIsAsBefore() throws Exception {
        var done = new CheckDatabaseHandler().execute(new CheckDatabase(database, false), step.after(baseline()));

        assertThat(((DatabaseChecked) done.result()).getTables()).hasSize(2);
        assertThat(done.detail()).isEqualTo("2 tables, 1,200 rows as before the rollback");
    }

    @Test
    void acceptsWhatThePlatformWroteSinceAndSaysSo() throws Exception {
        var baseline = baseline();
        sql("INSERT INTO documents VALUES (1201), (1202), (1203)");
        sql("CREATE TABLE extra (id int)");

        var done = new CheckDatabaseHandler().execute(new CheckDatabase(database, false), step.after(baseline));

        assertThat(done.detail())
                .isEqualTo("2 tables, 1,200 rows as before the rollback, +3 rows since, +1 tables since");
    }

    @Test
    void namesTablesThatLostRowsOrAreGone() throws Exception {
        var baseline = baseline();
        sql("DELETE FROM documents WHERE id <= 2");
        sql("DROP TABLE vectors");

        var failure = catchThrowableOfType(
                StepFailure.class,
                () -> new CheckDatabaseHandler().execute(new CheckDatabase(database, false), step.after(baseline)));

        assertThat(failure.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(failure.text())
                .startsWith("database freedom_kb holds less than before the rollback: ")
                .contains("public.documents: expected 1,200 rows, found 1,198")
                .contains("public.vectors: expected 0 rows, the table is missing");
    }

    @Test
    void waitsNoLongerOnceThePasswordIsRefused() {
        var wrong = RecordedStep.within(Duration.ofMinutes(10)).with(Map.of("PGPASSWORD", "wrong-one"));

        var failure = catchThrowableOfType(
                StepFailure.class, () -> new AwaitDatabaseHandler().execute(new AwaitDatabase(database, true), wrong));

        assertThat(failure.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(failure.text()).contains("check the password reference").doesNotContain("wrong-one");
        assertThat(wrong.notes()).isEmpty();
    }

    @Test
    void reportsTheLastErrorOfADatabaseThatDoesNotGetReady() throws Exception {
        var absent = Database.newBuilder(database)
                .setJdbcUrl("jdbc:postgresql://127.0.0.1:" + HttpPeer.freePort() + "/freedom_kb")
                .build();

        var failure = catchThrowableOfType(
                StepFailure.class,
                () -> new AwaitDatabaseHandler().execute(new AwaitDatabase(absent, true), step(Duration.ofSeconds(1))));

        assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
        assertThat(failure.text())
                .contains("database freedom_kb is not ready after", "refused", "Look at the logs of service postgres");
    }

    @Test
    void comparesOnceTheDatabaseAnswers() throws Exception {
        var baseline = baseline();
        var absent = Database.newBuilder(database)
                .setJdbcUrl("jdbc:postgresql://127.0.0.1:" + HttpPeer.freePort() + "/freedom_kb")
                .build();
        var handler = new CheckDatabaseHandler();

        assertThat(handler.execute(new CheckDatabase(absent, true), step.after(baseline))
                        .detail())
                .isEqualTo("not compared: nothing had been stopped yet, so no data were replaced");
        var stopped = new WritersStopped(List.of("api"));
        assertThat(handler.execute(new CheckDatabase(database, true), step.after(baseline, stopped))
                        .detail())
                .isEqualTo("2 tables, 1,200 rows as before the rollback");
        var once = catchThrowableOfType(
                StepFailure.class, () -> handler.execute(new CheckDatabase(absent, false), step.after(baseline)));
        assertThat(once.text()).doesNotContain("tries");
        var patient = step(Duration.ofSeconds(1)).after(baseline, stopped);
        assertThat(handler.execute(new CheckDatabase(absent, true), patient).detail())
                .as("what is undone must not stop here")
                .startsWith("NOT COMPARED: database freedom_kb is not ready after");
        assertThat(patient.notes()).as("further tries").isNotEmpty();
        assertThat(handler.execute(new CheckDatabase(absent, true), step(Duration.ofMinutes(1)))
                        .detail())
                .as("what was to be counted did not run either")
                .startsWith("not compared");
        sql("DELETE FROM documents WHERE id = 1");
        var less = handler.execute(new CheckDatabase(database, true), step.after(baseline, stopped));
        assertThat(less.detail())
                .as("services run again, and may delete rows by themselves")
                .startsWith("NOT AS BEFORE")
                .contains("public.documents: expected 1,200 rows, found 1,199");
        assertThat(((DatabaseChecked) less.result()).getDifferences())
                .containsExactly("public.documents: expected 1,200 rows, found 1,199");
    }

    @Test
    void asksOnceWhereItIsOnlyToLook() throws Exception {
        var absent = Database.newBuilder(database)
                .setJdbcUrl("jdbc:postgresql://127.0.0.1:" + HttpPeer.freePort() + "/freedom_kb")
                .build();
        var step = step(Duration.ofMinutes(10));

        var failure = catchThrowableOfType(
                StepFailure.class, () -> new AwaitDatabaseHandler().execute(new AwaitDatabase(absent, false), step));

        assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
        assertThat(failure.text()).contains("PostgreSQL does not answer");
        assertThat(step.notes()).as("further tries").isEmpty();
    }

    private BaselineRecorded baseline() throws StepFailure {
        return (BaselineRecorded) new RecordBaselineHandler()
                .execute(new RecordBaseline(database), step)
                .result();
    }

    private static RecordedStep step(Duration time) {
        return RecordedStep.within(time).with(Map.of("PGPASSWORD", PASSWORD));
    }

    private static void sql(String statement) throws SQLException {
        try (var connection = DriverManager.getConnection(database.getJdbcUrl(), database.getUser(), PASSWORD);
                var execution = connection.createStatement()) {
            execution.execute(statement);
        }
    }
}
