package io.freedom.rollback.ctl.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.CheckOutPaths;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.ContainersForecast;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseServerChecked;
import io.freedom.rollback.schemas.action.ImageSource;
import io.freedom.rollback.schemas.action.PrepareImages;
import io.freedom.rollback.schemas.action.PruneImages;
import io.freedom.rollback.schemas.action.RemoveVolumes;
import io.freedom.rollback.schemas.action.RestartServices;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.RowsChange;
import io.freedom.rollback.schemas.action.ServiceForecast;
import io.freedom.rollback.schemas.action.SetFilesAside;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class OutlookTest {
    static {
        TrustedSchemas.trust();
    }

    private static final ComposeProject COMPOSE =
            new ComposeProject("freedom", "/srv/freedom", List.of("c.yml"), null, null, null);

    /** What a step does is of no concern to some tests. */
    private static final SpecificRecord ANYTHING = new RestartServices(COMPOSE, List.of(), 10, false);

    private final List<HistoryEvent> look = new ArrayList<>();

    // ---- given ----------------------------------------------------------------------------------

    private static PlanStep.Builder step(String id, SpecificRecord action, String... after) {
        return PlanStep.newBuilder()
                .setId(id)
                .setTitle("Do " + id)
                .setPhase(Phase.ASSESS)
                .setWorker(Worker.CONTAINER)
                .setAction(new StepAction(action))
                .setDependsOn(List.of(after))
                .setTimeout(1000);
    }

    private static Plan plan(PlanStep.Builder... steps) {
        var built = new ArrayList<PlanStep>();
        for (var step : steps) {
            built.add(step.build());
        }
        return Plan.newBuilder(Samples.plan()).setSteps(built).build();
    }

    private static Plan fullRollback() {
        return plan(
                step(
                        "container.prepare-images",
                        PrepareImages.newBuilder()
                                .setCompose(COMPOSE)
                                .setSource("/w")
                                .setRevision("t")
                                .build()),
                step("container.down", new ComposeDown(COMPOSE, 10, List.of("db"), List.of())),
                step("container.start-database", new ComposeUp(COMPOSE, List.of("db"), false, false, true, List.of())),
                step("container.up", new ComposeUp(COMPOSE, List.of(), false, false, true, List.of())));
    }

    private static ServiceForecast service(String name, int now, int wanted, boolean changes, ImageSource source) {
        return new ServiceForecast(name, now, wanted, changes, wanted == 0 ? null : name + ":1", source);
    }

    private void looked(PlanStep.Builder... steps) {
        add(RollbackStarted.newBuilder()
                .setPlan(plan(steps))
                .setIncident(null)
                .setOperator("ada")
                .setReason(null)
                .build());
    }

    private void found(String step, SpecificRecord result) {
        add(new StepSucceeded(step, 1, false, "", false, new StepResult(result)));
    }

    private void add(SpecificRecord event) {
        look.add(Samples.event(look.size() + 1, 0, "look-1", null, event));
    }

    private Outlook outlook(Plan plan) {
        add(new RollbackFinished(Outcome.SUCCEEDED, "all steps succeeded", 900L, 0L));
        return Outlook.of(plan, look);
    }

    private String text(Plan plan) {
        return String.join("\n", outlook(plan).lines(Style.PLAIN));
    }

    // ---- then -----------------------------------------------------------------------------------

    @Test
    void tellsWhatBecomesOfEachService() {
        found(
                "container.forecast",
                new ContainersForecast(
                        List.of(
                                service("api", 1, 1, false, ImageSource.HERE),
                                service("db", 1, 1, false, ImageSource.HERE),
                                service("gui", 0, 1, true, ImageSource.BUILT),
                                service("old", 1, 0, true, ImageSource.HERE),
                                service("idle", 0, 0, true, ImageSource.HERE)),
                        List.of(),
                        List.of("port 80 is in use")));

        assertThat(text(fullRollback()))
                .contains("containers        made anew: api\n")
                .contains("new: gui\n", "removed, the target has no such service: old\n", "running on: db\n")
                .contains("images            built before anything is stopped: gui\n", "here already: api, db\n")
                .contains("Nothing stands in its way", "! port 80 is in use")
                .doesNotContain("idle");
    }

    @Test
    void makesAChangedDatabaseServerAnew() {
        found(
                "container.forecast",
                new ContainersForecast(List.of(service("db", 1, 1, true, ImageSource.HERE)), List.of(), List.of()));

        assertThat(text(fullRollback())).contains("made anew: db");
    }

    @Test
    void leavesContainersThatAreOnlyRestarted() {
        found(
                "container.forecast",
                new ContainersForecast(
                        List.of(
                                service("api", 1, 1, true, ImageSource.HERE),
                                service("gui", 1, 1, true, ImageSource.HERE)),
                        List.of(),
                        List.of()));

        var restart = plan(step("container.restart", new RestartServices(COMPOSE, List.of("api"), 10, false)));
        assertThat(text(restart))
                .contains("restarted, same containers: api\n", "running on: gui\n")
                .contains("cannot be undone  what services held in memory that are stopped or restarted is gone");
    }

    @Test
    void countsOnlyTheFilesThatThePlanTakesBack() {
        found(
                "git.verify-target",
                new TargetVerified(
                        "4f2a",
                        3,
                        List.of(),
                        List.of("services/api/a", "services/apiary", "x"),
                        List.of("x"),
                        List.of()));

        var some = plan(step("git.check-out-paths", new CheckOutPaths("/srv", "t", List.of("services/api/"))));
        assertThat(text(some))
                .contains("1 path to graveyard/pre-reset, 3 commits behind HEAD: services/api/a\n")
                .contains("1 changed path and 0 untracked paths, x: not touched");
    }

    @Test
    void saysWhatOfTheDataIsGivenUp() {
        var rows = List.of(
                new RowsChange("public", "a", 12L, 10L, null),
                new RowsChange("public", "b", 1L, -1L, null),
                new RowsChange("public", "c", -1L, 7L, "reports"));
        found(
                "backup.check-server",
                new DatabaseServerChecked("15.1", null, List.of("plpgsql 1.0"), List.of(), List.of(), rows, 5L));
        var restoring = Plan.newBuilder(plan(
                        step(
                                "backup.restore-database",
                                RestoreDatabase.newBuilder()
                                        .setCompose(COMPOSE)
                                        .setDatabase(new Database(
                                                "db", "kb", "u", "jdbc:postgresql://h/kb", null, List.of()))
                                        .setRestorePoint("/b/rb-1")
                                        .build()),
                        step("container.prune-images", new PruneImages(COMPOSE, false, List.of("rb-0")))))
                .setRestorePointTakenAt(Instant.parse("2026-01-31T02:00:00Z"))
                .build();

        assertThat(text(restoring))
                .contains("go back to 2026-01-31T02:00:00Z")
                .contains("given up: at most 5 transactions since then, and rows of 3 tables:")
                .contains("public.a: 12 rows now, 10 then", "public.b: not there then, 1 row now")
                .contains("reports: public.c: comes back with 7 rows")
                .contains("cannot be undone  rollback rb-0 can no longer be undone");
    }

    @Test
    void namesACauseOnceAndNotWhatFollowsFromIt() {
        looked(step("git.verify-target", ANYTHING), step("git.add-worktree", ANYTHING, "git.verify-target"));
        add(new StepFailed("git.verify-target", false, FailureKind.PRECONDITION, "there is no tag", true));
        add(new StepFailed("git.add-worktree", false, FailureKind.PRECONDITION, "no worktree either", true));

        assertThat(outlook(fullRollback()).problems()).containsExactly("Do git.verify-target: there is no tag");
    }

    @Test
    void saysNothingGoodOfALookWhoseEndItDoesNotFind() {
        assertThat(Outlook.of(fullRollback(), List.of()).problems())
                .singleElement()
                .asString()
                .contains("The look did not get to its end", "clocks");
        assertThat(String.join("\n", Outlook.of(fullRollback(), List.of()).lines(Style.PLAIN)))
                .contains("Not all of it is known")
                .doesNotContain("Nothing stands in its way");
    }

    @Test
    void saysWhetherSomethingWouldBeStoppedBeforeItFails() {
        looked(step("git.verify-target", ANYTHING));
        add(new StepFailed("git.verify-target", false, FailureKind.PRECONDITION, "there is no tag", true));
        var images = PrepareImages.newBuilder()
                .setCompose(COMPOSE)
                .setSource("/srv/freedom")
                .setRevision("good")
                .build();
        var full = plan(step("container.prepare-images", images), step("container.restart", ANYTHING));

        assertThat(text(full)).contains("It would not get through; nothing would be stopped");
        assertThat(text(Plan.newBuilder(full)
                        .setIncidentClass(IncidentClass.SECURITY_BREACH)
                        .build()))
                .contains("It would not get through; services are stopped first all the same, and what fails is held");
        assertThat(text(plan(step("container.restart", ANYTHING))))
                .contains("It would not get through; what it did until then would be undone");
    }

    @Test
    void saysThatAResetTakesTheDataAway() {
        found(
                "backup.check-server",
                new DatabaseServerChecked(
                        "15.1",
                        null,
                        List.of(),
                        List.of("the target's db is PostgreSQL 16"),
                        List.of(),
                        List.of(),
                        -1L));
        var reset = plan(
                step("container.remove-volumes", new RemoveVolumes(COMPOSE)),
                step("git.set-files-aside", new SetFilesAside("/srv/freedom", List.of())));

        assertThat(text(reset))
                .contains("every volume of the project is removed: all databases of its server begin anew")
                .contains("all that git does not track is moved away")
                .contains("Nothing stands in its way", "! the target's db is PostgreSQL 16")
                .doesNotContain("keeps what is in it");
    }

    @Test
    void refusesAServerThatWouldNotStartOnTheVolumeAlsoWhereDataAreRestored() {
        found(
                "backup.check-server",
                new DatabaseServerChecked(
                        "15.1",
                        "16",
                        List.of(),
                        List.of("the target's db is PostgreSQL 16"),
                        List.of(),
                        List.of(),
                        -1L));
        var dispensable = step("backup.database", ANYTHING).setOnFailure(FailurePolicy.CONTINUE);

        assertThat(outlook(plan(dispensable)).problems()).containsExactly("the target's db is PostgreSQL 16");
    }

    @Test
    void warnsOnlyOfADatabaseThatIsToBeReplaced() {
        looked(step("backup.check-server", ANYTHING));
        add(new StepFailed("backup.check-server", false, FailureKind.UNAVAILABLE, "it does not answer", true));
        var dump = step("backup.database", ANYTHING);

        assertThat(outlook(plan(dump)).problems()).containsExactly("Do backup.check-server: it does not answer");
        assertThat(Outlook.of(plan(dump.setOnFailure(FailurePolicy.CONTINUE)), look)
                        .problems())
                .isEmpty();
    }
}
