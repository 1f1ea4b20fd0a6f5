package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.orchestrator.records.Progress;
import io.freedom.rollback.orchestrator.records.StatusView;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentDuplicated;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.PlanPreviewed;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StabilityWatchStarted;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.operator.AbortRollback;
import io.freedom.rollback.schemas.operator.ApproveGate;
import io.freedom.rollback.schemas.operator.PreviewPlan;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.operator.RetryStep;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.operator.UndoRollback;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import io.freedom.rollback.schemas.step.CancelStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepResult;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Incidents come in, steps go out: what becomes of a platform. */
class SagaTopologyTest extends WholeTopology {
    @Test
    void rollsBackWhenAnAlertFires() {
        registered();
        report(alert("freedom", "f1", "firing"));
        workersSucceed();

        assertThat(facts()).first().isInstanceOf(PlatformRegistered.class);
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);
        assertThat(facts())
                .filteredOn(RollbackFinished.class::isInstance)
                .singleElement()
                .isInstanceOfSatisfying(
                        RollbackFinished.class,
                        finished -> assertThat(finished.getOutcome()).isEqualTo(Outcome.SUCCEEDED));
        assertThat(facts().getLast()).isInstanceOf(StabilityWatchStarted.class);
        assertThat(statuses().getLast().getState()).isEqualTo(RollbackState.SUCCEEDED);
    }

    private static SpecificRecord touched(String... paths) {
        var found = new TargetVerified("4f2a91c", 1, List.of(), List.of(paths), List.of(), List.of());
        return new StepDone(new StepResult(found), "1 commit", false);
    }

    @Test
    void rollsBackTheServicesThatAFailedDeploymentTouched() {
        registered();
        report(alert("freedom", "f1", "firing", "deployment-failure"));
        assertThat(commands).singleElement().extracting(StepCommand::getStepId).isEqualTo("git.verify-target");
        report(alert("freedom", "f2", "firing", "deployment-failure"));
        driver.advanceWallClockTime(Duration.ofSeconds(7));

        worker(commands.removeFirst(), touched("services/api/main.py"));

        var looked = statuses().stream()
                .filter(status -> status.getScenario().equals("selective-rollback"))
                .toList();
        assertThat(looked.getLast().getState()).isEqualTo(RollbackState.SUCCEEDED);
        var id = looked.getLast().getContinuedBy();
        assertThat(id).isEqualTo(looked.getLast().getRollbackId() + "-2");
        var started = facts().stream()
                .filter(RollbackStarted.class::isInstance)
                .map(RollbackStarted.class::cast)
                .toList();
        assertThat(started).hasSize(2);
        assertThat(started.getLast().getPlan().getScenario()).isEqualTo("service-rollback");
        assertThat(started.getLast().getPlan().getServices()).containsExactly("api");
        assertThat(started.getLast().getReason())
                .isEqualTo("since graveyard/pre-reset only api changed: services/api/main.py");
        assertThat(started.getLast().getPlan().getRto())
                .as("20 minutes, of which looking took some")
                .isEqualTo(1_200_000 - 7_000);
        workersSucceed();

        for (var fingerprint : List.of("f1", "f2")) {
            report(alert("freedom", fingerprint, "firing", "deployment-failure"));
            assertThat(facts().getLast())
                    .as("joined the look, is answered by what followed")
                    .isInstanceOfSatisfying(
                            IncidentDuplicated.class,
                            duplicated -> assertThat(duplicated.getRollbackId()).isEqualTo(id));
        }
    }

    /** Of the platform, taken some seconds after midnight. */
    private static FoundRestorePoint onDisk(String id, int seconds) {
        var taken = Instant.parse("2026-03-01T00:00:00Z").plusSeconds(seconds);
        return FoundRestorePoint.newBuilder()
                .setRestorePointId(id)
                .setDirectory("/var/backups/freedom/" + id)
                .setTakenAt(taken)
                .setTakenBy("restore-point")
                .setFiles(3)
                .setBytes(100)
                .setVerifiedAt(taken)
                .build();
    }

    /** Of a platform whose corrupted data are restored. */
    private void found(FoundRestorePoint... restorePoints) {
        operator(new RegisterPlatform(Descriptors.FREEDOM.replace(
                        "incidents: {SERVICE_DEGRADATION: full-rollback}",
                        "incidents: {DATA_CORRUPTION: database-restore}")
                + "notifications: [{name: chat, webhook: 'http://localhost:1/hook'}]\n"));
        operator(StartRollback.newBuilder()
                .setRollbackId("rb-import")
                .setScenario("restore-point-import")
                .build());
        var found = RestorePointsFound.newBuilder()
                .setRestorePoints(List.of(restorePoints))
                .setPassedOver(List.of())
                .build();
        worker(commands.removeFirst(), new StepDone(new StepResult(found), "found", false));
    }

    /** rb-old and rb-new. */
    private void twoRestorePointsAreFound() {
        found(onDisk("rb-old", 1), onDisk("rb-new", 2));
    }

    /** The workers answer all but that the restore point cannot be read. */
    private void damaged(String message) {
        damaged("backup.verify-restore-point", message);
    }

    /** The workers answer all but that the restore point is not as it was in a step. */
    private void damaged(String step, String message) {
        damaged(step, message, done());
    }

    /** @param undoing what comes of each step back */
    private void damaged(String step, String message, SpecificRecord undoing) {
        while (!commands.isEmpty()) {
            var command = commands.removeFirst();
            if (command.getCommand() instanceof CancelStep) {
                worker(command, new StepCancelled("told to"));
            } else {
                var forward = command.getStepId().equals(step) ? new StepError(FailureKind.MISMATCH, message) : done();
                worker(command, command.getCompensation() ? undoing : forward);
                driver.advanceWallClockTime(Duration.ofSeconds(15));
                collect();
            }
        }
    }

    @Test
    void triesTheNextRestorePointWhereTheOneThatAnAlertWasToBeAnsweredWithIsDamaged() {
        twoRestorePointsAreFound();

        report(alert("freedom", "f1", "firing", "data-corruption"));
        damaged("toc.dat was changed");

        var started = facts().stream()
                .filter(RollbackStarted.class::isInstance)
                .map(RollbackStarted.class::cast)
                .filter(start -> start.getIncident() != null)
                .toList();
        assertThat(started)
                .extracting(start -> start.getPlan().getRestorePoint())
                .containsExactly("/var/backups/freedom/rb-new", "/var/backups/freedom/rb-old");
        assertThat(started.getLast().getReason())
                .startsWith("restore point rb-new cannot be restored (toc.dat was changed); the next is ");
        assertThat(facts().getLast())
                .as("there is no third")
                .isInstanceOfSatisfying(
                        IncidentIgnored.class,
                        ignored -> assertThat(ignored.getReason())
                                .startsWith(
                                        "restore point rb-old cannot be restored (toc.dat was changed), and no verified restore point"));
        var ends = statuses().stream()
                .filter(status -> status.getState() == RollbackState.REFUSED)
                .toList();
        assertThat(ends).as("each end is published with what follows").hasSize(2);
        assertThat(ends.getFirst().getContinuedBy())
                .isEqualTo(ends.getFirst().getRollbackId() + "-2")
                .isEqualTo(ends.getLast().getRollbackId());
        assertThat(ends.getLast().getContinuedBy()).isNull();
    }

    /** Rolled back for an alert, with the newest of two, and approved. */
    private String restoringTheNewestOfFour() {
        found(onDisk("rb-oldest", -1), onDisk("rb-older", 0), onDisk("rb-old", 1), onDisk("rb-new", 2));
        report(alert("freedom", "f1", "firing", "data-corruption"));
        var id = statuses().getLast().getRollbackId();
        approve(id);
        return id;
    }

    private void approve(String id) {
        for (var who : List.of("ada", "bob")) {
            operator(who, new ApproveGate(id, "orchestrator.approve-data-loss"));
        }
    }

    private List<String> titles() {
        return notifications().stream().map(Notification::getTitle).toList();
    }

    private List<RollbackFinished> ends() {
        return facts().stream()
                .filter(RollbackFinished.class::isInstance)
                .map(RollbackFinished.class::cast)
                .toList();
    }

    @Test
    void triesTheNextRestorePointWhereTheDamageIsMetInTheRestoreItself() {
        var id = restoringTheNewestOfFour();

        damaged("backup.restore-database", "database/freedom was changed");

        assertThat(ends().getLast().getOutcome()).isEqualTo(Outcome.COMPENSATED);
        var second = statuses().getLast();
        assertThat(second.getRollbackId()).isEqualTo(id + "-2");
        var started = facts().stream()
                .filter(RollbackStarted.class::isInstance)
                .map(RollbackStarted.class::cast)
                .toList()
                .getLast();
        assertThat(started.getPlan().getRestorePoint()).isEqualTo("/var/backups/freedom/rb-old");
        assertThat(started.getPlan().getContinues()).isEqualTo(id);
        assertThat(started.getReason())
                .isEqualTo(
                        "restore point rb-new cannot be restored (database/freedom was changed); the next is /var/backups/freedom/rb-old");
        assertThat(titles()).as("people are told").contains("freedom: restore point rb-new cannot be restored");
        approve(id + "-2");
        workersSucceed();
        assertThat(ends().getLast().getOutcome()).isEqualTo(Outcome.SUCCEEDED);
        operator(StartRollback.newBuilder()
                .setRollbackId("rb-by-hand")
                .setScenario("database-restore")
                .setRestorePoint("rb-new")
                .build());
        assertThat(facts().getLast())
                .as("it is offered no longer")
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason()).contains("no verified restore point rb-new"));
    }

    /** Each had the platform down, and it may be the server that is at fault. */
    @Test
    void leavesItToOperatorsWhereThreeRestorePointsAreDamagedInTheSameWay() {
        var id = restoringTheNewestOfFour();
        for (var next : List.of("-2", "-2-2")) {
            damaged("backup.restore-database", "database/freedom was changed");
            approve(id + next);
        }

        damaged("backup.restore-database", "database/freedom was changed");

        assertThat(ends())
                .extracting(RollbackFinished::getOutcome)
                .endsWith(Outcome.COMPENSATED, Outcome.COMPENSATED, Outcome.COMPENSATED);
        assertThat(statuses().getLast().getRollbackId()).isEqualTo(id + "-2-2");
    }

    @Test
    void endsWhereAnOperatorHasHadTheUndoingTriedAgain() {
        var id = restoringTheNewestOfFour();
        damaged(
                "backup.restore-database",
                "database/freedom was changed",
                new StepError(FailureKind.TOOL, "the disk is full"));
        assertThat(ends().getLast().getOutcome()).isEqualTo(Outcome.COMPENSATION_FAILED);
        var failed = statuses().getLast().getSteps().stream()
                .filter(step -> step.getState() == StepState.COMPENSATION_FAILED)
                .map(StepStatus::getId)
                .toList();

        failed.forEach(step -> operator(new RetryStep(id, step)));
        workersSucceed();

        assertThat(ends().getLast().getOutcome()).isEqualTo(Outcome.COMPENSATED);
        assertThat(statuses().getLast().getRollbackId()).isEqualTo(id);
    }

    @Test
    void endsWhereAnOperatorHasNamedTheRestorePointWhoseDamageIsMetInTheRestore() {
        var id = restoringTheNewestOfFour();
        workersSucceed();
        operator(StartRollback.newBuilder()
                .setRollbackId("rb-by-hand")
                .setScenario("database-restore")
                .setRestorePoint("rb-new")
                .build());
        approve("rb-by-hand");

        damaged("backup.restore-database", "database/freedom was changed");

        assertThat(ends().getLast().getOutcome()).isEqualTo(Outcome.COMPENSATED);
        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .as("the import, that of the alert, and this")
                .hasSize(3);
        assertThat(statuses().getLast().getRollbackId()).isEqualTo("rb-by-hand").isNotEqualTo(id);
    }

    /** Whoever aborts it wants no other either. */
    @Test
    void endsWhereItWasAbortedBeforeTheDamageWasMet() {
        var id = restoringTheNewestOfFour();
        while (commands.stream().noneMatch(command -> command.getStepId().equals("backup.restore-database"))) {
            worker(commands.removeFirst(), done());
            driver.advanceWallClockTime(Duration.ofSeconds(15));
            collect();
        }
        operator(new AbortRollback(id, AbortMode.AFTER_STEP, true));

        damaged("backup.restore-database", "database/freedom was changed");

        assertThat(ends().getLast().getOutcome()).isEqualTo(Outcome.COMPENSATED);
        assertThat(statuses().getLast().getRollbackId()).isEqualTo(id);
    }

    /** It may be why somebody undoes it. */
    @Test
    void startsNothingWhereARollbackIsUndoneWhoseRestorePointWasBlamedSince() {
        twoRestorePointsAreFound();
        report(alert("freedom", "f1", "firing", "data-corruption"));
        var id = statuses().getLast().getRollbackId();
        for (var who : List.of("ada", "bob")) {
            operator(who, new ApproveGate(id, "orchestrator.approve-data-loss"));
        }
        workersSucceed();
        operator(StartRollback.newBuilder()
                .setRollbackId("rb-check")
                .setScenario("restore-point-check")
                .setRestorePoint("rb-new")
                .build());
        damaged("toc.dat was changed");

        for (var who : List.of("ada", "bob")) {
            operator(who, new UndoRollback(id, true));
        }
        workersSucceed();

        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(3);
        assertThat(facts())
                .filteredOn(RollbackFinished.class::isInstance)
                .last()
                .isInstanceOfSatisfying(
                        RollbackFinished.class,
                        finished -> assertThat(finished.getOutcome()).isEqualTo(Outcome.COMPENSATED));
    }

    @Test
    void passesOverTheServiceThatAnAlertNamesWhereTheScenarioIsOfTheWholePlatform() {
        registered();
        report(new String(alert("freedom", "f1", "firing"), StandardCharsets.UTF_8)
                .replace("\"alertname\"", "\"service\":\"api\",\"alertname\"")
                .getBytes(StandardCharsets.UTF_8));

        assertThat(facts().getLast()).isNotInstanceOf(IncidentIgnored.class);
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);
    }

    @Test
    void startsNothingWhereADeploymentTouchedNothingAndSaysSo() {
        registered();
        report(alert("freedom", "f1", "firing", "deployment-failure"));

        worker(commands.removeFirst(), touched("README.md"));

        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        IncidentIgnored.class,
                        ignored -> assertThat(ignored.getReason()).contains("freedom is as at graveyard/pre-reset"));
        assertThat(statuses().getLast().getReason()).contains("freedom is as at graveyard/pre-reset");
        assertThat(commands).isEmpty();
    }

    @Test
    void endsALookForAnIncident() {
        registered();
        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), "look-1", List.of()));
        assertThat(facts()).hasAtLeastOneElementOfType(PlanPreviewed.class);
        var looking = List.copyOf(commands);
        assertThat(looking)
                .isNotEmpty()
                .allMatch(command -> command.getRollbackId().equals("look-1"));

        report(alert("freedom", "f1", "firing"));
        assertThat(facts()).hasAtLeastOneElementOfType(IncidentQueued.class);
        for (var command : List.copyOf(commands)) {
            if (command.getCommand() instanceof CancelStep) {
                worker(command, new StepCancelled("told to"));
            }
        }

        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .extracting(fact -> ((RollbackStarted) fact).getPlan().getScenario())
                .as("the look, and what does not wait for it")
                .containsExactly("preview", "full-rollback");
    }

    @Test
    void saysWhyNobodyLooks() {
        registered();
        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of(), List.of()));
        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), "look-1", List.of()));

        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        PlanPreviewed.class,
                        previewed -> assertThat(previewed.getNotLooked())
                                .isEqualTo("rollback rb-1 runs and is changing it"));
    }

    @Test
    void restartsWhatIsDegradedThoughNoFileHasChanged() {
        operator(new RegisterPlatform(
                Descriptors.FREEDOM.replace("incidents: {SERVICE_DEGRADATION: full-rollback}\n", "")));
        report(alert("freedom", "f1", "firing"));

        worker(commands.removeFirst(), touched("README.md"));

        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .extracting(fact -> ((RollbackStarted) fact).getPlan().getScenario())
                .containsExactly("selective-rollback", "service-restart");
        workersSucceed();
        assertThat(facts())
                .filteredOn(RollbackFinished.class::isInstance)
                .extracting(fact -> ((RollbackFinished) fact).getOutcome())
                .containsExactly(Outcome.SUCCEEDED, Outcome.SUCCEEDED);
    }

    @Test
    void remembersHowLongStepsTookForTheNextPlanOfTheSameScenario() {
        registered();
        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), null, List.of()));
        collect();
        assertThat(((PlanPreviewed) facts().getLast()).getPlan().getSteps())
                .extracting(PlanStep::getExpected)
                .containsOnly(0L);
        report(alert("freedom", "f1", "firing"));
        workersSucceed();

        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), null, List.of()));
        operator(new PreviewPlan("restore-point", null, null, null, List.of(), null, List.of()));

        collect();
        var plans = facts().stream()
                .filter(PlanPreviewed.class::isInstance)
                .map(fact -> ((PlanPreviewed) fact).getPlan())
                .toList();
        assertThat(plans.get(1).getSteps()).extracting(PlanStep::getExpected).doesNotContain(0L);
        assertThat(plans.get(2).getSteps()).extracting(PlanStep::getExpected).containsOnly(0L);
    }

    @Test
    void chainsTheHistoryOfARollbackWithoutAGap() {
        registered();
        report(alert("freedom", "f1", "firing"));
        workersSucceed();

        var chain =
                history.stream().filter(event -> event.getRollbackId() != null).toList();
        for (int i = 1; i < chain.size(); i++) {
            assertThat(chain.get(i).getSequence()).isEqualTo(i + 1);
            assertThat(chain.get(i).getPreviousHash())
                    .isEqualTo(chain.get(i - 1).getHash());
        }
    }

    @Test
    void rebuildsTheStateFromTheHistoryAlone() {
        registered();
        report(alert("freedom", "f1", "firing"));
        worker(commands.removeFirst(), done());
        var chain =
                history.stream().filter(event -> event.getRollbackId() != null).toList();
        var folded = RollbackDecider.evolve(
                null, List.of(fact(chain.getFirst())), chain.getFirst().getAt());
        for (var event : chain.subList(1, chain.size())) {
            folded = RollbackDecider.evolve(folded, List.of(fact(event)), event.getAt());
        }
        assertThat(StatusView.of(folded, Progress.UNKNOWN, Instant.EPOCH).getSteps())
                .isEqualTo(statuses().getLast().getSteps());
    }

    @Test
    void rollsBackOnceWhenTheSameIncidentIsPublishedTwice() {
        registered();
        report(alert("freedom", "f1", "firing"));
        report(alert("freedom", "f1", "firing"));
        workersSucceed();
        report(alert("freedom", "f1", "firing"));

        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);
        assertThat(facts())
                .filteredOn(IncidentDuplicated.class::isInstance)
                .as("the second repetition is counted")
                .hasSize(1);
    }

    @Test
    void mergesAnotherIncidentOfAPlatformThatIsBeingRolledBack() {
        registered();
        report(alert("freedom", "f1", "firing"));
        report(alert("freedom", "f2", "firing"));
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);
        assertThat(facts()).filteredOn(IncidentMerged.class::isInstance).hasSize(1);
    }

    @Test
    void letsABreachWaitForARollbackOfItsOwnWhereTheRunningOneKeepsTheDatabaseServer() {
        registered();
        report(alert("freedom", "f1", "firing"));
        var breach = new String(alert("freedom", "f2", "firing"), StandardCharsets.UTF_8)
                .replace("service-degradation", "security-breach");
        report(breach.getBytes(StandardCharsets.UTF_8));
        assertThat(facts()).filteredOn(IncidentQueued.class::isInstance).hasSize(1);
        workersSucceed();
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(2);
    }

    @Test
    void startsAnIncidentThatWaitedWhileARestorePointWasTaken() {
        registered();
        operator(new StartRollback("rb-point", "restore-point", null, null, null, List.of(), List.of()));
        report(alert("freedom", "f1", "firing"));
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);
        workersSucceed();
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(2);
    }

    /** Its services are stopped from the first second to the third, and it is read back until the fifth. */
    @ParameterizedTest(name = "{2}, began at {0} s, heard at {1} s")
    @CsvSource({
        "0, 2, service-degradation, true",
        "1, 2, service-degradation, false",
        "2, 2, service-degradation, false",
        "2, 5, service-degradation, false",
        "3, 5, service-degradation, false",
        "4, 5, service-degradation, true",
        "2, 2, deployment-failure, false",
        "2, 5, security-breach, true"
    })
    void takesWhatBeginsWhileServicesAreStoppedForARestorePointForThatAndStartsAllElse(
            int began, int heard, String incidentClass, boolean starts) {
        registered();
        var body = alert("f1", incidentClass, began);
        operator(new StartRollback("rb-point", "quiesced-restore-point", null, null, null, List.of(), List.of()));
        for (int second = 1; second <= 5; second++) {
            driver.advanceWallClockTime(Duration.ofSeconds(1));
            collect();
            switch (second) {
                case 1 -> workersSucceedUntil("container.stop-writers");
                case 3 -> workersSucceedUntil("backup.verify");
                default -> {}
            }
            if (second == heard) {
                report(body);
            }
        }

        assertThat(commands)
                .extracting(StepCommand::getStepId)
                .as("it runs, and runs on")
                .containsExactly("backup.verify");
        workersSucceed();

        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .extracting(fact -> ((RollbackStarted) fact).getIncident() != null)
                .isEqualTo(starts ? List.of(false, true) : List.of(false));
        assertThat(history)
                .filteredOn(event -> event.getEvent() instanceof IncidentMerged)
                .extracting(HistoryEvent::getRollbackId)
                .isEqualTo(starts ? List.of() : List.of("rb-point"));
        report(body);
        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .as("reported again, it starts nothing more")
                .hasSize(starts ? 2 : 1);
    }

    private byte[] alert(String fingerprint, String incidentClass, int second) {
        return new String(alert("freedom", fingerprint, "firing", incidentClass), StandardCharsets.UTF_8)
                .replace("02:58:00", "03:00:0" + second)
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Alerting systems gather alerts before they report them. Its services are stopped from the first second to the third. */
    @ParameterizedTest(name = "{0}: {2}, began at {1} s")
    @CsvSource({
        "quiesced-restore-point, 0, service-degradation, false",
        "quiesced-restore-point, 1, service-degradation, true",
        "quiesced-restore-point, 3, deployment-failure, true",
        "quiesced-restore-point, 4, service-degradation, false",
        "quiesced-restore-point, 2, security-breach, false",
        "quiesced-restore-point, 2, data-corruption, false",
        "full-rollback, 0, service-degradation, false",
        "full-rollback, 1, service-degradation, true",
        "full-rollback, 3, deployment-failure, true",
        "full-rollback, 4, service-degradation, false",
        "full-rollback, 2, security-breach, false",
        "full-rollback, 2, data-corruption, false"
    })
    void startsNothingForWhatBeganWhileServicesWereStoppedAndIsHeardOnceTheyRun(
            String scenario, int began, String incidentClass, boolean answered) {
        registered();
        operator(new StartRollback("rb-before", scenario, null, null, null, List.of(), List.of()));
        for (int second = 1; second <= 5; second++) {
            driver.advanceWallClockTime(Duration.ofSeconds(1));
            collect();
            switch (second) {
                case 1 -> workersSucceedUntil("container.stop-writers");
                case 2 ->
                    workersSucceedUntil(
                            scenario.equals("full-rollback") ? "container.await-healthy" : "container.start-writers");
                case 3 -> workersSucceedUntil(scenario.equals("full-rollback") ? "health.files" : "backup.verify");
                case 5 -> workersSucceed();
                default -> {}
            }
        }
        assertThat(facts()).hasAtLeastOneElementOfType(RollbackFinished.class);

        report(alert("f1", incidentClass, began));

        var reasons = facts().stream()
                .filter(IncidentIgnored.class::isInstance)
                .map(fact -> ((IncidentIgnored) fact).getReason())
                .toList();
        if (answered) {
            assertThat(reasons)
                    .singleElement(as(InstanceOfAssertFactories.STRING))
                    .contains("while rb-before had services stopped", "rollbackctl start freedom");
        } else {
            assertThat(reasons).noneMatch(reason -> reason.contains("had services stopped"));
        }
        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .as("nothing is started of what is ignored")
                .hasSize(reasons.isEmpty() ? 2 : 1);
    }

    /** All but this step. */
    private void workersSucceedUntil(String step) {
        var next = commands.stream()
                .filter(command -> !command.getStepId().equals(step))
                .findFirst();
        while (next.isPresent()) {
            commands.remove(next.get());
            worker(next.get(), done());
            next = commands.stream()
                    .filter(command -> !command.getStepId().equals(step))
                    .findFirst();
        }
    }

    @Test
    void startsNothingForAResolvedAlert() {
        registered();
        report(alert("freedom", "f1", "resolved"));
        assertThat(facts().getLast()).isInstanceOf(IncidentIgnored.class);
        assertThat(commands).isEmpty();
    }

    @Test
    void sendsAStepAgainWithAHigherAttemptWhenItsWorkerFallsSilent() {
        registered();
        report(alert("freedom", "f1", "firing"));
        int dispatched = commands.size();
        driver.advanceWallClockTime(SagaTimers.NOT_TAKEN.plusSeconds(1));
        collect();
        assertThat(commands.subList(dispatched, commands.size()))
                .hasSize(dispatched)
                .allMatch(command -> command.getAttempt() == 2);
    }

    @Test
    void doesNotTakeItsOwnStandstillForTheSilenceOfItsWorkers() {
        registered();
        report(alert("freedom", "f1", "firing"));
        int dispatched = commands.size();
        driver.advanceWallClockTime(Duration.ofSeconds(1));
        driver.advanceWallClockTime(SagaTimers.NOT_TAKEN.plusSeconds(1));
        collect();
        assertThat(commands).as("nobody could be heard meanwhile").hasSize(dispatched);
    }

    @Test
    void doesNotTakeTheSilenceOfBrokersForThatOfWorkers() {
        registered();
        report(alert("freedom", "f1", "firing"));
        int dispatched = commands.size();
        brokersAnswer = false;
        driver.advanceWallClockTime(SagaTimers.NOT_TAKEN.plusSeconds(1));
        collect();
        assertThat(commands).hasSize(dispatched);
        brokersAnswer = true;
        for (int i = 0; i < SagaTimers.NOT_TAKEN.plusSeconds(1).toSeconds(); i++) {
            driver.advanceWallClockTime(Duration.ofSeconds(1));
        }
        collect();
        assertThat(commands).as("they had their time since").hasSizeGreaterThan(dispatched);
    }

    @Test
    void triesAgainWhenItsPauseIsOver() {
        registered();
        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of(), List.of()));
        var record = commands.stream()
                .filter(command -> command.getStepId().equals("container.record-state"))
                .findFirst()
                .orElseThrow();
        commands.clear();
        worker(record, new StepError(FailureKind.UNAVAILABLE, "Docker does not answer"));
        assertThat(commands).isEmpty();
        driver.advanceWallClockTime(Duration.ofSeconds(2));
        collect();
        assertThat(commands).singleElement().satisfies(command -> {
            assertThat(command.getStepId()).isEqualTo("container.record-state");
            assertThat(command.getAttempt()).isEqualTo(2);
        });
    }

    @Test
    void keepsAnIncidentThatTheRunningRollbackDoesNotAnswerUntilItHasEnded() {
        registered();
        report(alert("freedom", "f1", "firing"));
        operator(new AbortRollback(history.getLast().getRollbackId(), AbortMode.NOW, true));
        report(alert("freedom", "f2", "firing"));
        assertThat(facts()).filteredOn(IncidentMerged.class::isInstance).isEmpty();
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);

        while (commands.stream()
                .anyMatch(
                        command -> command.getRollbackId().equals(rollbackIds().getFirst()))) {
            var command = commands.removeFirst();
            if (command.getCommand() instanceof CancelStep cancel) {
                worker(command, new io.freedom.rollback.schemas.step.StepCancelled(cancel.getReason()));
            }
        }
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(2);
    }

    private List<String> rollbackIds() {
        return history.stream()
                .map(HistoryEvent::getRollbackId)
                .filter(id -> id != null)
                .distinct()
                .toList();
    }
}
