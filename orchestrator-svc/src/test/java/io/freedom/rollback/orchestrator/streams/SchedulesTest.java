package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.MissingRestorePoint;
import io.freedom.rollback.schemas.action.ProveRestorePoint;
import io.freedom.rollback.schemas.action.PruneRestorePoints;
import io.freedom.rollback.schemas.action.RestorePointProven;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.action.RestorePointsPruned;
import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.RpoAtRisk;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.ReportedIncident;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.assertj.core.groups.Tuple;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Restore points that are taken, restored and removed by themselves. */
class SchedulesTest extends OneTask {
    private static final String HOURLY = DESCRIPTOR.replace(
            "reserve: 512MiB}", "reserve: 512MiB, every: 1h, keep: {last: 1, daily: 0, weekly: 0, monthly: 0}}");

    private void scheduled(Instant now) {
        schedules.due(now).forEach(platform -> schedules.tick(platform, now));
    }

    private void planned(Instant now, RestorePoint... known) {
        var state = Platforms.registered(store.platform("freedom"), HOURLY);
        for (var point : known) {
            state = Platforms.restorable(state, point);
        }
        store.put(Schedules.planned(state, now));
    }

    private static RestorePoint point(String id, Instant takenAt) {
        return new RestorePoint(id, "/var/backups/freedom/" + id, takenAt, null, null, null);
    }

    @Test
    void takesARestorePointEachHourCountedFromTheNewest() {
        planned(END, point("rb-0", END.minusSeconds(600)));
        scheduled(after(2999));
        assertThat(facts(RollbackStarted.class)).isEmpty();

        wired(); // another orchestrator goes on
        scheduled(after(3001));
        scheduled(after(3006));

        assertThat(facts(RollbackStarted.class)).singleElement().satisfies(started -> {
            assertThat(started.getPlan().getScenario()).isEqualTo("restore-point");
            assertThat(started.getOperator()).isEqualTo("schedule");
            assertThat(started.getReason()).isEqualTo("every 1h");
            assertThat(started.getPlan().getSteps())
                    .noneMatch(step -> step.getId().equals("backup.prune"));
        });
        assertThat(sent(Notification.class)).as("no news").isEmpty();
        assertThat(store.platform("freedom").getNextRestorePoint()).isEqualTo(after(3001 + 3600));
    }

    @Test
    void prunesWithTheNextWhatRetentionDoesNotKeepAndForgetsWhatIsGone() {
        planned(END, point("rb-0", END.minusSeconds(9000)), point("rb-1", END.minusSeconds(8000)));
        scheduled(after(1));

        var prune = facts(RollbackStarted.class).getFirst().getPlan().getSteps().stream()
                .filter(step -> step.getId().equals("backup.prune"))
                .findFirst()
                .orElseThrow();
        assertThat(((PruneRestorePoints) prune.getAction().getAction()).getDirectories())
                .containsExactly("/var/backups/freedom/rb-0");
        assertThat(prune.getDependsOn()).containsExactly("backup.prove");
        assertThat(Platforms.pruned(store.platform("freedom"), List.of("rb-0")).getRestorePoints())
                .extracting(RestorePoint::getId)
                .containsExactly("rb-1");
    }

    @Test
    void learnsFromTheDiskWhatRestorePointsThereAre() {
        planned(END, point("rb-1", END.minusSeconds(100)));
        found(after(10), List.of(onDisk("rb-0", null), onDisk("rb-bad", "taken after a breach")));

        assertThat(store.platform("freedom").getRestorePoints())
                .extracting(RestorePoint::getId, RestorePoint::getProvenAt)
                .containsExactly(tuple("rb-0", END.minusSeconds(150)), tuple("rb-1", null));
    }

    @Test
    void offersWhatTheDiskHasLostOnlyOnceItIsBack() {
        planned(END, point("rb-0", END.minusSeconds(200)), point("rb-1", END.minusSeconds(100)));
        found(after(10), List.of(), new MissingRestorePoint("rb-0", "it is not on disk: there is no /var/rb-0"));

        assertThat(Platforms.offered(store.platform("freedom")))
                .extracting(RestorePoint::getId)
                .containsExactly("rb-1");
        assertThat(sent(Notification.class))
                .extracting(Notification::getTitle)
                .contains("freedom: restore point rb-0 cannot be restored");

        found(after(20), List.of(onDisk("rb-0", null)));

        assertThat(Platforms.offered(store.platform("freedom")))
                .extracting(RestorePoint::getId, RestorePoint::getProvenAt)
                .containsExactly(tuple("rb-0", END.minusSeconds(150)), tuple("rb-1", null));
    }

    @Test
    void cataloguesWhatTheRunningAttemptReadsAndRemovesWhatIsPruned() {
        planned(END, point("rb-0", END.minusSeconds(9000)), point("rb-1", END.minusSeconds(8000)));
        operator(importing("rb-import"));
        var papers = papers("rb-0");

        sagas.catalogued(reading(papers, "rb-before", 1), papers, END);
        sagas.catalogued(reading(papers, "rb-import", 2), papers, END);
        assertThat(catalogued()).as("of an attempt that is over, or never was").isEmpty();

        sagas.catalogued(reading(papers, "rb-import", 1), papers, END);
        assertThat(catalogued()).containsExactly(tuple("freedom/rb-0", papers));

        done("backup.find-restore-points", found(List.of()), after(1));
        operator(StartRollback.newBuilder()
                .setRollbackId("rb-prune")
                .setScenario("restore-point-prune")
                .build());
        done("backup.prune", new RestorePointsPruned(List.of("rb-0"), List.of(), 1L), after(2));
        assertThat(catalogued())
                .startsWith(tuple("freedom/rb-0", papers), tuple("freedom/rb-0", null), tuple("freedom/rb-0/1", null));
    }

    @Test
    void cataloguesNothingOfAnotherPlatform() {
        planned(END);
        operator(importing("rb-import"));
        var papers = CataloguedRestorePoint.newBuilder(papers("rb-0"))
                .setPlatform("shop")
                .build();

        sagas.catalogued(reading(papers, "rb-import", 1), papers, END);

        assertThat(catalogued()).isEmpty();
    }

    private static StartRollback importing(String id) {
        return StartRollback.newBuilder()
                .setRollbackId(id)
                .setScenario("restore-point-import")
                .build();
    }

    private static CataloguedRestorePoint papers(String id) {
        return CataloguedRestorePoint.newBuilder()
                .setPlatform("freedom")
                .setRestorePoint(onDisk(id, null))
                .setAt(END)
                .setManifestSha256("00")
                .setManifestSize(2)
                .build();
    }

    private static StepEvent reading(CataloguedRestorePoint papers, String rollback, int attempt) {
        return StepEvent.newBuilder()
                .setPlatform("freedom")
                .setRollbackId(rollback)
                .setStepId("backup.find-restore-points")
                .setAttempt(attempt)
                .setWorkerId("w:1")
                .setAt(END)
                .setEvent(papers)
                .build();
    }

    /** Keys and values. */
    private List<Tuple> catalogued() {
        return context.forwarded().stream()
                .map(MockProcessorContext.CapturedForward::record)
                .filter(record -> record.value().topic().equals("rollback.restore-points"))
                .map(record -> tuple(record.key(), record.value().value()))
                .toList();
    }

    private static RestorePointsFound found(List<FoundRestorePoint> found, MissingRestorePoint... missing) {
        return RestorePointsFound.newBuilder()
                .setRestorePoints(found)
                .setPassedOver(List.of())
                .setMissing(List.of(missing))
                .build();
    }

    private void found(Instant now, List<FoundRestorePoint> found, MissingRestorePoint... missing) {
        operator(importing("rb-import-" + now.getEpochSecond()));
        done("backup.find-restore-points", found(found, missing), now);
    }

    private static FoundRestorePoint onDisk(String id, @Nullable String distrust) {
        return FoundRestorePoint.newBuilder()
                .setRestorePointId(id)
                .setDirectory("/var/backups/freedom/" + id)
                .setTakenAt(END.minusSeconds(200))
                .setTakenBy("restore-point")
                .setFiles(3)
                .setBytes(100)
                .setVerifiedAt(END.minusSeconds(190))
                .setProvenAt(END.minusSeconds(150))
                .setDistrust(distrust)
                .build();
    }

    private void warned(Instant now) {
        schedules.atRisk(now).forEach(platform -> schedules.warn(platform, now));
    }

    private void scheduledEvery(String every, RestorePoint... known) {
        planned(END, known);
        var state = Platforms.registered(store.platform("freedom"), HOURLY.replace("every: 1h", "every: " + every));
        store.put(Schedules.planned(state, END));
    }

    @Test
    void tellsOnceBeforeARestoreWouldMissTheObjectiveAndAgainAfterANewerOne() {
        scheduledEvery("10m", point("rb-0", END.minusSeconds(60)));
        warned(after(659));
        assertThat(facts(RpoAtRisk.class)).isEmpty();

        wired(); // another orchestrator goes on
        warned(after(661));
        warned(after(700));
        assertThat(facts(RpoAtRisk.class))
                .containsExactly(new RpoAtRisk("rb-0", END.minusSeconds(60), 900_000L, after(840), "database"));
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: no restore point is taken");
            assertThat(message.getText()).contains("The newest is rb-0", "a restore misses the RPO of 15 min from");
        });

        var newer = Platforms.restorable(store.platform("freedom"), point("rb-1", after(710)));
        store.put(Schedules.objective(newer, after(720)));
        warned(after(1429));
        assertThat(facts(RpoAtRisk.class)).hasSize(1);
        warned(after(1431));
        assertThat(facts(RpoAtRisk.class)).hasSize(2);
    }

    @Test
    void tellsOnlyWhenOneIsOverdueWhereTheScheduleIsSlowerThanTheObjective() {
        scheduledEvery("1h", point("rb-0", END));
        warned(after(4319));
        assertThat(facts(RpoAtRisk.class)).isEmpty();
        warned(after(4321));
        assertThat(facts(RpoAtRisk.class)).hasSize(1);

        store.put(Schedules.planned(Platforms.registered(store.platform("freedom"), DESCRIPTOR), after(5000)));
        warned(after(90_000));
        assertThat(facts(RpoAtRisk.class)).as("taken by hand").hasSize(1);
    }

    @Test
    void tellsWhereNoneWasEverTaken() {
        scheduledEvery("10m");
        warned(after(721));
        assertThat(facts(RpoAtRisk.class)).containsExactly(new RpoAtRisk(null, null, 900_000L, null, "database"));
    }

    private void proving(Instant now) {
        schedules.toProve(now).forEach(platform -> schedules.prove(platform, now));
    }

    private static RestorePoint proven(String id, Instant takenAt, Instant provenAt) {
        return RestorePoint.newBuilder(point(id, takenAt)).setProvenAt(provenAt).build();
    }

    /** By the id in the folder that the step names. */
    private String checked() {
        var plan = facts(RollbackStarted.class).getLast().getPlan();
        assertThat(plan.getScenario()).isEqualTo("restore-point-check");
        return ((ProveRestorePoint) plan.getSteps().getLast().getAction().getAction()).getDirectory();
    }

    @Test
    void restoresEachDayTheRestorePointThatWasLongestNotRestored() {
        var day = 86_400;
        planned(
                END,
                proven("rb-0", END.minusSeconds(9000), END.minusSeconds(2L * day)),
                point("rb-1", END.minusSeconds(8000)),
                proven("rb-2", END.minusSeconds(7000), END.minusSeconds(600)));
        proving(after(day - 601));
        assertThat(facts(RollbackStarted.class)).isEmpty();

        wired(); // another orchestrator goes on
        proving(after(day - 599));
        assertThat(checked()).endsWith("/rb-1");
        assertThat(facts(RollbackStarted.class).getLast().getReason()).isEqualTo("one restore point every 24h");

        store.put(Platforms.proven(store.platform("freedom"), "rb-1", after(day)));
        failed(1, FailureKind.PRECONDITION, after(day));
        proving(after(3 * day));
        assertThat(checked()).endsWith("/rb-0");
    }

    private void failed(int attempt, FailureKind kind, Instant now) {
        var id = new AttemptId("backup.verify-restore-point", false, attempt);
        admissions.advance("freedom", new RollbackCommand.Fail(id, kind, "toc.dat was changed"), null, now);
    }

    @Test
    void offersNoLongerWhatIsNotAsItWasTaken() {
        planned(END, point("rb-0", END.minusSeconds(9000)), point("rb-1", END.minusSeconds(8000)));
        proving(after(90_000));
        assertThat(checked()).endsWith("/rb-1");

        failed(1, FailureKind.MISMATCH, after(90_001));
        admissions.advance(
                "freedom",
                new RollbackCommand.Retry(new AttemptId("backup.verify-restore-point", false, 2)),
                null,
                after(90_010));
        failed(2, FailureKind.MISMATCH, after(90_011));

        assertThat(Platforms.offered(store.platform("freedom")))
                .extracting(RestorePoint::getId)
                .containsExactly("rb-0");
        assertThat(sent(Notification.class))
                .extracting(Notification::getTitle)
                .contains("freedom: restore point rb-1 cannot be restored");
        assertThat(sent(Notification.class))
                .allSatisfy(message -> assertThat(message.getText()).contains("toc.dat was changed"));
    }

    @Test
    void waitsWhileSomethingElseRunsOrThePlatformIsLeftToAnOperator() {
        planned(END);
        store.put(Platforms.braked(store.platform("freedom"), "enough"));
        scheduled(after(5));
        assertThat(facts(RollbackStarted.class)).isEmpty();

        store.put(PlatformState.newBuilder(store.platform("freedom"))
                .setBraked(null)
                .build());
        scheduled(after(10));
        assertThat(facts(RollbackStarted.class)).hasSize(1);

        scheduled(after(10 + 3601));
        assertThat(facts(RollbackStarted.class)).as("the first runs still").hasSize(1);
        assertThat(schedules.due(after(10 + 3602))).as("it is not forgotten").containsExactly("freedom");
    }

    @Test
    void endsWhatTheScheduleTakesWhereAnIncidentComes() {
        planned(END);
        scheduled(after(1));
        admissions.reported(new ReportedIncident(reported("i-1"), null, false), after(2));

        assertThat(facts(AbortRequested.class))
                .singleElement()
                .satisfies(abort -> assertThat(abort.getReason()).contains("an incident was reported"));
    }

    @Test
    void takesNoneOnceTheDescriptorSaysSoNoMore() {
        planned(END);
        store.put(Schedules.planned(Platforms.registered(store.platform("freedom"), DESCRIPTOR), END));

        assertThat(schedules.due(after(100_000))).isEmpty();
    }

    private String running() {
        var live = store.live("freedom");
        return live == null ? "" : live.rollback.plan().getScenario();
    }

    @Test
    void endsATrialBeforeTheObjectiveIsAtRiskAndTakesWhatIsDue() {
        planned(END, point("rb-0", END.minusSeconds(60)));
        proving(after(90_000));
        assertThat(running()).isEqualTo("restore-point-check");
        store.put(Platforms.scheduled(Platforms.atRisk(store.platform("freedom"), after(90_200)), after(90_100)));

        scheduled(after(90_130));
        assertThat(facts(AbortRequested.class)).as("there is time").isEmpty();
        scheduled(after(90_141));
        assertThat(facts(AbortRequested.class))
                .singleElement()
                .satisfies(abort -> assertThat(abort.getReason()).contains("a restore point is due"));
        admissions.advance(
                "freedom",
                new RollbackCommand.Cancelled(new AttemptId("backup.verify-restore-point", false, 1), "told to"),
                null,
                after(90_142));
        scheduled(after(90_146));

        assertThat(running()).isEqualTo("restore-point");
    }

    @Test
    void letsAnIncidentEndACheckThatAnOperatorAskedFor() {
        planned(END, point("rb-0", END.minusSeconds(60)));
        operator(StartRollback.newBuilder()
                .setRollbackId("rb-check")
                .setScenario("restore-point-check")
                .setRestorePoint("rb-0")
                .build());
        assertThat(running()).isEqualTo("restore-point-check");

        admissions.reported(new ReportedIncident(reported("i-1"), null, false), after(5));

        assertThat(facts(AbortRequested.class)).hasSize(1);
    }

    @Test
    void keepsWhatATrialHasProvenAndForgetsAFaultWithIt() {
        planned(END, point("rb-0", END.minusSeconds(60)));
        store.put(Platforms.blamed(store.platform("freedom"), "rb-0", "toc.dat was changed"));
        assertThat(Platforms.offered(store.platform("freedom"))).isEmpty();
        operator(StartRollback.newBuilder()
                .setRollbackId("rb-check")
                .setScenario("restore-point-check")
                .setRestorePoint("rb-0")
                .build());
        done(
                "backup.verify-restore-point",
                new RestorePointVerified("rb-0", "/var/backups/freedom/rb-0", END.minusSeconds(60), 1, 1L),
                after(1));
        assertThat(Platforms.offered(store.platform("freedom")))
                .as("that its files are whole says not that it can be restored")
                .isEmpty();
        done("backup.prove", new RestorePointProven("rb-0", "15.18", 1, 1L, 900L), after(2));

        assertThat(Platforms.offered(store.platform("freedom")))
                .singleElement()
                .satisfies(point -> assertThat(point.getProvenAt()).isEqualTo(after(2)));
    }
}
