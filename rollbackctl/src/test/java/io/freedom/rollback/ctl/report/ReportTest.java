package io.freedom.rollback.ctl.report;

import static io.freedom.rollback.ctl.report.RecordedHistory.ID;
import static io.freedom.rollback.ctl.report.RecordedHistory.START;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.freedom.rollback.ctl.report.Report.Bar;
import io.freedom.rollback.ctl.report.Report.Decision;
import io.freedom.rollback.ctl.report.Report.Point;
import io.freedom.rollback.ctl.report.Report.Row;
import io.freedom.rollback.ctl.report.Report.Trouble;
import io.freedom.rollback.ctl.report.Report.Undoing;
import io.freedom.rollback.ctl.report.Report.Version;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.CountedDatabase;
import io.freedom.rollback.schemas.action.DatabaseChecked;
import io.freedom.rollback.schemas.action.DatabaseSwappedBack;
import io.freedom.rollback.schemas.action.FilesChecked;
import io.freedom.rollback.schemas.action.MeasureUsage;
import io.freedom.rollback.schemas.action.ReplacedRowsCounted;
import io.freedom.rollback.schemas.action.RestartServices;
import io.freedom.rollback.schemas.action.ServiceUsage;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.action.UsageMeasured;
import io.freedom.rollback.schemas.action.VolumesRestored;
import io.freedom.rollback.schemas.history.FollowUp;
import io.freedom.rollback.schemas.history.FollowUpDone;
import io.freedom.rollback.schemas.history.FollowUpsPlanned;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentDuplicated;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.history.PlatformRelapsed;
import io.freedom.rollback.schemas.history.RtoAtRisk;
import io.freedom.rollback.schemas.history.StabilityWatchEnded;
import io.freedom.rollback.schemas.history.StabilityWatchStarted;
import io.freedom.rollback.schemas.history.StepSkipped;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final ComposeProject COMPOSE = new ComposeProject("freedom", "/srv", List.of(), null, null, null);

    // ---- what followed and what was foreseen ------------------------------------------------------

    private static final String EXPECTED = "Time until validated, as expected";

    private static RecordedHistory knownBefore() {
        var plan = FreedomPlan.keepingTheData();
        var steps = plan.getSteps().stream()
                .map(step -> PlanStep.newBuilder(step).setExpected(1000).build())
                .toList();
        return RecordedHistory.byOperator(Plan.newBuilder(plan).setSteps(steps).build(), "ada", "slow");
    }

    @Test
    void tellsWhetherThePlatformStayedWellAndWhatPeopleDid() {
        var history = FreedomRollback.succeeded();
        var due = START.plus(Duration.ofMinutes(30));
        var events = new ArrayList<>(history.events());
        for (var fact : List.<SpecificRecord>of(
                new FollowUpsPlanned(
                        ID,
                        List.of(
                                new FollowUp("f-1", "Write it down", "ada", due),
                                new FollowUp("f-2", "Review it", "ben", due))),
                new StabilityWatchStarted(ID, due, 60_000L),
                new PlatformRelapsed(ID, List.of("api was restarted"), 2),
                new StabilityWatchEnded(ID, 7, 2, "the platform has relapsed"),
                new StabilityWatchStarted("rb-other", due, 60_000L),
                new FollowUpDone("f-1", "ada", "in the wiki"))) {
            events.add(history.ofThePlatform(fact));
        }

        var report = Report.of(ID, events, START.plus(Duration.ofHours(1)), ZoneOffset.UTC);

        assertThat(report.afterwards())
                .extracting(Report.Afterwards::mark, Report.Afterwards::what)
                .containsExactly(
                        tuple(
                                Mark.GOOD,
                                "To do: Write it down (ada, due 2026-01-31 10:45:00): done, says ada: in the wiki"),
                        tuple(Mark.BAD, "To do: Review it (ben, due 2026-01-31 10:45:00): overdue"),
                        tuple(Mark.NONE, "Watched for a relapse until 2026-01-31 10:45:00"),
                        tuple(Mark.BAD, "Relapsed, found at 2 looks in a row: api was restarted"),
                        tuple(Mark.BAD, "Watch ended, the platform has relapsed: 2 of 7 looks found something"));
        assertThat(HtmlReport.of(report)).contains("<h2>Afterwards</h2>", "Relapsed, found at 2 looks");
        assertThat(MarkdownReport.of(report)).contains("## Afterwards", "Relapsed, found at 2 looks");
    }

    @Test
    void comparesWithWhatItTookBeforeAndSaysSinceWhenTheObjectiveWasAtRisk() {
        var report = knownBefore()
                .at(5_000)
                .fact(new RtoAtRisk(START.plusSeconds(2000), START.plusSeconds(1800), "a", List.of("b"), List.of()))
                .report();

        assertThat(report.figures())
                .extracting(Report.Figure::name, Report.Figure::actual, Report.Figure::verdict)
                .contains(tuple(
                        "RTO at risk, foreseen", "end after 33:20 min", "said 29:55 min before the RTO would pass"));
        assertThat(report.figures())
                .extracting(Report.Figure::name)
                .as("what is not over was not quick")
                .doesNotContain(EXPECTED);
        assertThat(report.timeline().lanes().getFirst().rows().getFirst().expected())
                .isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void comparesWhatSucceededWithWhatItTookBefore() {
        var report = knownBefore()
                .step("git.check-out", 0, 2_000, new FilesChecked(1, 1), "done")
                .at(9_000)
                .finished(Outcome.SUCCEEDED, "all steps succeeded", 0)
                .report();

        assertThat(report.figures())
                .filteredOn(figure -> figure.name().equals(EXPECTED))
                .extracting(Report.Figure::actual)
                .containsExactly("2.0 s");
    }

    @Test
    void countsOfADrillTheScenarioAlone() {
        var plan = FreedomPlan.keepingTheData();
        var steps = new ArrayList<>(plan.getSteps());
        steps.add(
                PlanStep.newBuilder(steps.getFirst()).setId("backup.drill-copy").build());
        var drill = Plan.newBuilder(plan).setSteps(steps).setDrillOf("freedom").build();

        var report = RecordedHistory.byOperator(drill, "ada", "yearly")
                .step("backup.drill-copy", 0, 30_000, new FilesChecked(1, 1), "copied")
                .step("git.check-out", 30_000, 32_000, new FilesChecked(1, 1), "done")
                .at(40_000)
                .finished(Outcome.SUCCEEDED, "all steps succeeded", 0)
                .report();

        assertThat(report.figures())
                .filteredOn(figure -> figure.name().equals("Recovery time (RTO)"))
                .extracting(Report.Figure::actual)
                .containsExactly("2.0 s");
    }

    @Test
    void tellsWhatItGoesOnFromAndAs() {
        var events = new ArrayList<HistoryEvent>(FreedomRollback.succeeded().events());
        for (var event : FreedomRollback.succeeded().events()) {
            events.add(HistoryEvent.newBuilder(event)
                    .setRollbackId(ID + "-2")
                    .setCause(ID)
                    .build());
        }
        var now = START.plus(Duration.ofHours(1));

        var looked = Report.of(ID, events, now, ZoneOffset.UTC);
        var followed = Report.of(ID + "-2", events, now, ZoneOffset.UTC);

        assertThat(looked.headline().continuedBy()).isEqualTo(ID + "-2");
        assertThat(looked.headline().continues()).isNull();
        assertThat(followed.headline().continues()).isEqualTo(ID);
        assertThat(HtmlReport.of(followed)).contains("Goes on from", ID);
        assertThat(MarkdownReport.of(looked)).contains("Goes on as");
    }

    // ---- how it ended ---------------------------------------------------------------------------

    @Test
    void saysThatAnIncidentWasAnsweredInTimeAndNothingWasLost() {
        var report = FreedomRollback.succeeded().report();

        assertThat(report.headline().outcome()).isEqualTo("Succeeded");
        assertThat(report.headline().startedBy())
                .isEqualTo("Incident a-1, deployment failure, reported by alertmanager: 5xx above 10 %. It began"
                        + " 2026-01-31 10:13:25");
        assertThat(report.figures())
                .extracting(Report.Figure::target, Report.Figure::actual, Report.Figure::verdict)
                .containsExactly(
                        tuple("30 min", "49 s", "met, 29:11 min to spare"),
                        tuple("none set", "21 s", "service was back 46 s after the start"));
        assertThat(report.losses().recoveryPoint()).isEqualTo("No committed data was given up: nothing was restored");
        assertThat(report.losses().evidence())
                .containsExactly("1,219 rows in 2 tables when the last writer had stopped; 1,219 rows when they were"
                        + " counted again at 2026-01-31 10:15:46");
        assertThat(report.losses().givenUp())
                .anySatisfy(line -> assertThat(line)
                        .contains("3 paths changed but not committed", "refs/rollback/" + ID, "changes.patch"))
                .anySatisfy(line -> assertThat(line).startsWith("2 commits made since the tag"))
                .anySatisfy(line -> assertThat(line).contains("5 containers", "/app/data of kb-service"));
        assertThat(report.undoing()).isEmpty();
    }

    @Test
    void tellsTheAgeOfTheRestorePointAndTheRowsThatAreMissing() {
        var losses = FreedomRollback.restoredAndSucceeded().report().losses();

        assertThat(losses.recoveryPoint())
                .isEqualTo("The database was restored from rb-20260131-040000-0001, taken 2026-01-31 04:00:00: what was"
                        + " committed in the 6:15:28 h until 2026-01-31 10:15:28 is not in it");
        assertThat(losses.evidence())
                .containsExactly("Rows before and after the restore: public.documents 1207 → 1200");
        assertThat(losses.givenUp())
                .anySatisfy(line -> assertThat(line)
                        .startsWith("The replaced database: kept as freedom_kb__before_a3f9, until somebody accepts"));
    }

    @Test
    void comparesWithWhatWasCountedInTheReplacedDatabases() {
        var counted = new ReplacedRowsCounted(List.of(
                new CountedDatabase("freedom_kb", FreedomRollback.rows(1211)),
                new CountedDatabase("reports", List.of(new TableRows("public", "sent", 3L)))));
        var losses = FreedomRollback.validated(FreedomRollback.restored(), 1200)
                .step("backup.count-replaced", 47_000, 47_500, counted, "counted")
                .report()
                .losses();

        assertThat(losses.evidence())
                .as("what was written after it was sealed, too")
                .contains(
                        "Rows before and after the restore: public.documents 1211 → 1200, reports: public.sent 3 → no such table");
    }

    @Test
    void comparesWhatWasGivenUpWithTheRecoveryPointObjective() {
        var missed =
                FreedomRollback.restoredWithin(Duration.ofMinutes(15)).report().losses();
        assertThat(missed.target()).isEqualTo("15 min");
        assertThat(missed.mark()).isEqualTo(Mark.BAD);
        assertThat(missed.recoveryPoint()).endsWith("is not in it; the RPO is missed by 6:00:28 h");

        var met = FreedomRollback.restoredWithin(Duration.ofHours(7)).report().losses();
        assertThat(met.recoveryPoint()).endsWith("; the RPO is met");
    }

    @Test
    void givesNothingUpWhenTheRestoredDatabaseIsTakenOutAgain() {
        var report = FreedomRollback.restored()
                .at(60_000)
                .aborted("grace", "wrong restore point")
                .undoing("aborted by grace: wrong restore point", "backup.restore-database")
                .dispatched("backup.restore-database", 1, true)
                .at(61_000)
                .succeeded(
                        "backup.restore-database",
                        1,
                        true,
                        new DatabaseSwappedBack("freedom_kb"),
                        "the restored database is kept as freedom_kb__undone_a3f9")
                .finished(Outcome.COMPENSATED, "aborted by grace: wrong restore point", 36_000)
                .report();

        assertThat(report.losses().recoveryPoint()).contains("No committed data was given up", "taken out again");
        assertThat(report.losses().givenUp())
                .anySatisfy(line -> assertThat(line).contains("freedom_kb__undone_a3f9"))
                .noneSatisfy(line -> assertThat(line).contains("The replaced database"));
        assertThat(report.decisions())
                .extracting(Decision::who, Decision::what, Decision::why)
                .contains(tuple("grace", "Aborted the rollback", "wrong restore point"));
    }

    @Test
    void doesNotSayThatThePlatformIsAsBeforeWhereRowsAreMissing() {
        var undoing = FreedomRollback.restored()
                .at(60_000)
                .aborted("grace", "wrong restore point")
                .undoing("aborted by grace: wrong restore point", "health.database")
                .dispatched("health.database", 1, true)
                .at(61_000)
                .succeeded(
                        "health.database",
                        1,
                        true,
                        new DatabaseChecked(List.of(), List.of("public.documents: expected 2 rows, found 1")),
                        "NOT AS BEFORE: public.documents: expected 2 rows, found 1")
                .finished(Outcome.COMPENSATED, "aborted by grace: wrong restore point", 36_000);

        assertThat(undoing.report().headline().outcome())
                .isEqualTo("Undone, but the platform is not as it was before: see why, below");
    }

    @Test
    void saysThatTheDataAreOnlyInTheCopiesOfTheVolumesAfterAReset() {
        var losses = FreedomRollback.reset()
                .at(49_000)
                .finished(Outcome.SUCCEEDED, "all steps succeeded", 21_000)
                .report()
                .losses();

        assertThat(losses.recoveryPoint())
                .startsWith(
                        "The volumes freedom_postgres_data were removed and nothing was restored: what was committed")
                .endsWith("is only in their copies");
        assertThat(losses.givenUp())
                .anySatisfy(line -> assertThat(line)
                        .contains("Volume freedom_postgres_data: removed", "/freedom_postgres_data.tar"));
    }

    @Test
    void givesNothingUpWhenTheVolumesAreBroughtBack() {
        var losses = FreedomRollback.reset()
                .at(60_000)
                .aborted("grace", "not meant")
                .undoing("aborted by grace: not meant", "container.remove-volumes")
                .dispatched("container.remove-volumes", 1, true)
                .at(61_000)
                .succeeded(
                        "container.remove-volumes",
                        1,
                        true,
                        new VolumesRestored(List.of("freedom_postgres_data")),
                        "as they were: freedom_postgres_data")
                .finished(Outcome.COMPENSATED, "aborted by grace: not meant", 36_000)
                .report()
                .losses();

        assertThat(losses.recoveryPoint())
                .isEqualTo("No committed data was given up: the volumes were brought back with what was in them");
        assertThat(losses.givenUp()).noneSatisfy(line -> assertThat(line).contains("Volume freedom_postgres_data"));
    }

    @Test
    void doesNotGuessWhatAHalfDoneRestoreLeft() {
        var report = FreedomRollback.reverted(FreedomPlan.restoringTheDatabase())
                .at(32_000)
                .dispatched("backup.restore-database", 1, false)
                .at(33_000)
                .failed("backup.restore-database", 1, false, FailureKind.TOOL, "pg_restore: error")
                .undoing("Restore failed", "backup.restore-database")
                .dispatched("backup.restore-database", 1, true)
                .at(34_000)
                .failed("backup.restore-database", 1, true, FailureKind.TOOL, "cannot rename")
                .finished(Outcome.COMPENSATION_FAILED, "could not undo", 9_000)
                .report();

        assertThat(report.losses().recoveryPoint()).startsWith("Not known: \"Restore the database beside");
        assertThat(report.headline().outcome()).contains("the platform needs an operator");
        assertThat(report.undoing())
                .extracting(Undoing::title, Undoing::mark, Undoing::result)
                .containsExactly(tuple("Swap the previous database back", Mark.BAD, "cannot rename"));
        assertThat(report.figures().getLast().verdict()).isEqualTo("service was not back when the rollback ended");
    }

    @Test
    void showsWhatWasUndoneAndThatThePlatformIsAsBefore() {
        var report = FreedomRollback.compensated().report();

        assertThat(report.headline().outcome()).isEqualTo("Undone: the platform is as it was before");
        assertThat(report.figures().getFirst().verdict()).isEqualTo("not met: the platform was not rolled back");
        assertThat(report.undoing())
                .extracting(Undoing::title, Undoing::mark)
                .containsExactly(
                        tuple("Return to the previous branch and dirty files", Mark.GOOD),
                        tuple("Bring the recorded containers back", Mark.GOOD),
                        tuple("Start the services that ran", Mark.GOOD));
        assertThat(report.versions())
                .contains(
                        new Version("Git", "111111111111 (main), 1 path changed", "111111111111 (main), as before"),
                        new Version("Image of api", "0ld0ld0ld0ld (freedom-api)", "0ld0ld0ld0ld (freedom-api)"),
                        new Version("Database server", "15.18", "not known"));
        assertThat(report.checklist())
                .extracting(Point::mark)
                .containsExactly(
                        Mark.UNDONE,
                        Mark.BAD,
                        Mark.NONE,
                        Mark.NONE,
                        Mark.NONE,
                        Mark.NONE,
                        Mark.NONE,
                        Mark.NONE,
                        Mark.NONE,
                        Mark.GOOD);
        assertThat(report.losses().givenUp())
                .noneSatisfy(line -> assertThat(line).contains("not committed"));
    }

    @Test
    void saysThatARefusedRollbackTouchedNothing() {
        var report = RecordedHistory.byOperator(FreedomPlan.keepingTheData(), "ada", null)
                .dispatched("git.verify-target", 1, false)
                .at(200)
                .failed("git.verify-target", 1, false, FailureKind.PRECONDITION, "the tag does not exist: create it")
                .undoing("Verify tag graveyard/pre-reset failed")
                .finished(Outcome.REFUSED, "Verify tag graveyard/pre-reset failed: the tag does not exist", 0)
                .report();

        assertThat(report.headline().outcome()).isEqualTo("Refused before anything was touched");
        assertThat(report.headline().startedBy()).isEqualTo("Operator ada, without a reason");
        assertThat(report.losses().recoveryPoint()).startsWith("No committed data was given up");
        assertThat(report.losses().givenUp()).isEmpty();
        assertThat(report.figures().getLast().verdict()).isEqualTo("service was never taken down");
        assertThat(report.decisions()).extracting(Decision::what).contains("Stopped: nothing was there to undo");
    }

    @Test
    void isAboutNowWhileTheRollbackRuns() {
        var report = FreedomRollback.restored()
                .at(41_000)
                .dispatched("container.await-healthy", 1, false)
                .report(START.plusSeconds(55));

        assertThat(report.headline().state()).isEqualTo(RollbackState.RUNNING);
        assertThat(report.headline().outcome()).startsWith("Still running");
        assertThat(report.figures())
                .extracting(Report.Figure::actual, Report.Figure::verdict)
                .containsExactly(tuple("55 s", "29:05 min left"), tuple("30 s", "service is not back yet"));
        assertThat(rows(report))
                .filteredOn(row -> row.mark() == Mark.PENDING)
                .extracting(Row::stepId, Row::result)
                .contains(tuple("container.await-healthy", "running"), tuple("health.logs", "still to come"));
    }

    // ---- what happened --------------------------------------------------------------------------

    @Test
    void drawsARetryAsTwoBarsAndTellsWhy() {
        var report = FreedomRollback.succeeded().report();

        var dump = rows(report).stream()
                .filter(row -> row.stepId().equals("backup.database"))
                .findFirst()
                .orElseThrow();
        assertThat(dump.bars())
                .extracting(Bar::attempt, Bar::failed, Bar::from, Bar::to)
                .containsExactly(
                        tuple(1, true, START.plusMillis(700), START.plusMillis(2900)),
                        tuple(2, false, START.plusMillis(3900), START.plusMillis(9800)));
        assertThat(report.troubles())
                .extracting(Trouble::step, Trouble::kind, Trouble::message, Trouble::then)
                .containsExactly(tuple(
                        "Dump the database freedom_kb",
                        "unavailable",
                        "the database does not answer: is it up?",
                        "tried again after 1.0 s"));
    }

    @Test
    void provesEachPointOfTheChecklistOrSaysThatItWasNotChecked() {
        var checklist = FreedomRollback.succeeded().report().checklist();

        assertThat(checklist).extracting(Point::number).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        assertThat(checklist.getFirst().name()).isEqualTo("Git repository at graveyard/pre-reset");
        assertThat(checklist.get(2).evidence())
                .anySatisfy(line -> assertThat(line).contains("2 tables as sealed", "documents 1207", "1,219 rows"));
        assertThat(checklist.get(4).evidence())
                .containsExactly("Castle GUI answered 200 in 12 ms (expected 200): “<title>FREEDOM Castle</title>”");
        assertThat(checklist.get(5).evidence())
                .hasSize(2)
                .anySatisfy(line -> assertThat(line).contains("Query through the gateway"));
        assertThat(checklist.get(8).evidence()).containsExactly("Not checked in this scenario");
        assertThat(checklist.get(8).mark()).isEqualTo(Mark.NONE);
        assertThat(checklist.get(9).evidence())
                .anySatisfy(line -> assertThat(line).contains(FreedomPlan.DIRECTORY));
        assertThat(checklist).filteredOn(point -> point.mark() == Mark.GOOD).hasSize(9);
    }

    @Test
    void doesNotCallResourceUseGoodWhenABoundIsPassed() {
        var plan = FreedomPlan.of(FreedomPlan.step(
                        "container.usage",
                        "Measure the resource use",
                        Phase.VALIDATE,
                        new MeasureUsage(COMPOSE, List.of(), false))
                .build());
        var usage = new UsageMeasured(
                List.of(new ServiceUsage("api", 210_000_000L, 3.2, 8L, 0)),
                List.of("api holds 210 MB of 200 MB"),
                List.of("api"));
        var report = RecordedHistory.byOperator(plan, "ada", "slow")
                .step("container.usage", 0, 900, usage, "1 service measured")
                .finished(Outcome.SUCCEEDED, "all steps succeeded", 0)
                .report();

        var point = report.checklist().get(8);
        assertThat(point.mark()).isEqualTo(Mark.BAD);
        assertThat(point.evidence()).singleElement().asString().contains("api 210 MB, 3 % CPU", "210 MB of 200 MB");
    }

    @Test
    void namesWhoDecidedWhatAndTheIncidentsThatWereJoinedOrRepeated() {
        var history = FreedomRollback.preserved(FreedomPlan.keepingTheData())
                .at(26_000)
                .fact(new IncidentMerged(FreedomPlan.incident("a-2", "latency")));
        var repeated = history.ofThePlatform(new IncidentDuplicated(FreedomPlan.incident("a-1", "5xx again"), ID));
        var elsewhere = history.ofThePlatform(new IncidentDuplicated(FreedomPlan.incident("a-9", "older"), "rb-other"));
        var events = new ArrayList<HistoryEvent>(history.events());
        events.add(repeated);
        events.add(elsewhere);

        var decisions =
                Report.of(ID, events, START.plusSeconds(60), ZoneOffset.UTC).decisions();

        assertThat(decisions)
                .extracting(Decision::who, Decision::what)
                .containsExactly(
                        tuple("orchestrator, for alertmanager", "Started full-rollback to graveyard/pre-reset"),
                        tuple("orchestrator", "Joined a further incident to this rollback"),
                        tuple("orchestrator", "Counted a repeated report as answered by this rollback"));
        assertThat(decisions)
                .extracting(Decision::why)
                .noneSatisfy(why -> assertThat(why).contains("older"));
    }

    @Test
    void namesTheOperatorOfADecisionThatALaterReleaseKnows() {
        // Any event that carries an operator; this one stands for approvals and the like.
        var report = FreedomRollback.preserved(FreedomPlan.keepingTheData())
                .fact(new PlatformRegistered("yaml", "hash", "grace"))
                .report();

        assertThat(report.decisions())
                .extracting(Decision::who, Decision::what)
                .contains(tuple("grace", "Platform registered"));
    }

    @Test
    void listsAStepThatWasLeftOut() {
        var report = FreedomRollback.preserved(FreedomPlan.keepingTheData())
                .fact(new StepSkipped("health.logs", "an operator said so", null, false))
                .report();

        assertThat(report.troubles())
                .extracting(Trouble::step, Trouble::kind, Trouble::message)
                .contains(tuple("Scan the container logs", "skipped", "an operator said so"));
        assertThat(report.checklist().get(7).evidence())
                .containsExactly("Scan the container logs: skipped, an operator said so");
    }

    @Test
    void showsTheVersionsBeforeAndAfter() {
        assertThat(FreedomRollback.succeeded().report().versions())
                .containsExactly(
                        new Version("Git", "111111111111 (main), 1 path changed", "aaaaaaaaaaaa (graveyard/pre-reset)"),
                        new Version("Image of api", "0ld0ld0ld0ld (freedom-api)", "600d600d600d (freedom-api)"),
                        new Version(
                                "Image of postgres",
                                "f00df00df00d (freedom-postgres)",
                                "f00df00df00d (freedom-postgres)"),
                        new Version("Database server", "15.18", "15.18"),
                        new Version("Docker engine / compose", "26.1.5 / 2.29.1", "not looked at again"));
    }

    @Test
    void saysNotKnownWhereNoStepLooked() {
        var plan = FreedomPlan.of(FreedomPlan.step(
                        "container.restart",
                        "Restart api",
                        Phase.RECOVER,
                        new RestartServices(COMPOSE, List.of("api"), 10, false))
                .build());

        var report = RecordedHistory.byOperator(plan, "ada", "hangs").report(START.plusSeconds(1));

        assertThat(report.versions()).containsExactly(new Version("Git", "not known", "not known"));
        assertThat(report.checklist())
                .allSatisfy(point -> assertThat(point.evidence()).containsExactly("Not checked in this scenario"));
    }

    // ---- can it be relied on --------------------------------------------------------------------

    @Test
    void saysThatTheHistoryIsWhole() {
        assertThat(FreedomRollback.succeeded().report().proof().problems()).isEmpty();
    }

    @Test
    void noticesAnAlteredAndAMissingEvent() {
        var events = new ArrayList<>(FreedomRollback.succeeded().events());
        events.set(
                5,
                HistoryEvent.newBuilder(events.get(5))
                        .setAt(START.minusSeconds(1))
                        .build());
        events.remove(9);

        assertThat(Report.of(ID, events, START, ZoneOffset.UTC).proof().problems())
                .hasSize(2)
                .anySatisfy(problem -> assertThat(problem).startsWith("event 6 does not match its hash"))
                .anySatisfy(problem -> assertThat(problem).contains("event 11 follows event 9"));
    }

    @Test
    void knowsOfEveryActionWhetherItReplacesCommittedData() {
        var actions = StepAction.getClassSchema().getField("action").schema().getTypes();

        assertThat(actions)
                .allSatisfy(action -> assertThat(DataEffect.of(
                                (SpecificRecord) SpecificData.get().newRecord(null, action)))
                        .as("say in DataEffect what %s does to committed data", action.getName())
                        .isNotEqualTo(DataEffect.UNKNOWN));
    }

    private static List<Row> rows(Report report) {
        return report.timeline().lanes().stream()
                .flatMap(lane -> lane.rows().stream())
                .toList();
    }
}
