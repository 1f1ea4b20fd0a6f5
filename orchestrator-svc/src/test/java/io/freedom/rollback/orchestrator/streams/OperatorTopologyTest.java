package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.PrepareImages;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.PlanPreviewed;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StabilityWatchStarted;
import io.freedom.rollback.schemas.history.StepDispatched;
import io.freedom.rollback.schemas.history.UndoApproved;
import io.freedom.rollback.schemas.history.UndoRequested;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.operator.AbortRollback;
import io.freedom.rollback.schemas.operator.ApproveGate;
import io.freedom.rollback.schemas.operator.ChangeTimeout;
import io.freedom.rollback.schemas.operator.CheckPlatform;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.PauseRollback;
import io.freedom.rollback.schemas.operator.PreviewPlan;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.operator.ResumeRollback;
import io.freedom.rollback.schemas.operator.RetryStep;
import io.freedom.rollback.schemas.operator.SkipStep;
import io.freedom.rollback.schemas.operator.StartAtMoment;
import io.freedom.rollback.schemas.operator.StartDrill;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.operator.TakeFasterWay;
import io.freedom.rollback.schemas.operator.UndoRollback;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.StepStatus;
import io.freedom.rollback.schemas.step.CancelStep;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.ExtendStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepResult;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What operators ask for, and decide while something runs. */
class OperatorTopologyTest extends WholeTopology {
    private void drill(String copy, String scenario) {
        driver.<String, OperatorCommand>createInputTopic(
                        TOPICS.operatorCommands().name(),
                        new StringSerializer(),
                        this.<OperatorCommand>serde().serializer())
                .pipeInput(
                        copy,
                        OperatorCommand.newBuilder()
                                .setCommandId("c" + ++ids)
                                .setPlatform(copy)
                                .setOperator("ada")
                                .setAt(Instant.EPOCH)
                                .setCommand(StartDrill.newBuilder()
                                        .setDrillId("drill-" + ids)
                                        .setDescriptor(Descriptors.FREEDOM)
                                        .setScenario(scenario)
                                        .setRestorePoint("rb-0")
                                        .setRestorePointDirectory("/var/backups/freedom/rb-0")
                                        .setRestorePointTakenAt(Instant.EPOCH)
                                        .build())
                                .build());
        collect();
    }

    @Test
    void drillsBesideThePlatformWhichStaysFree() {
        registered();
        drill("freedom-drill", "service-restart");
        assertThat(commands.getFirst().getPlatform()).isEqualTo("freedom-drill");
        drill("freedom-drill", "service-restart");
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason()).contains("a drill of this platform runs already"));

        report(alert("freedom", "f1", "firing"));
        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .as("the drill, and beside it the rollback")
                .hasSize(2);
        workersSucceed();

        assertThat(facts())
                .filteredOn(RollbackFinished.class::isInstance)
                .extracting(fact -> ((RollbackFinished) fact).getOutcome())
                .containsExactly(Outcome.SUCCEEDED, Outcome.SUCCEEDED);
        assertThat(history)
                .filteredOn(event -> event.getEvent() instanceof StabilityWatchStarted)
                .as("nobody watches what is gone")
                .extracting(HistoryEvent::getPlatform)
                .containsExactly("freedom");
    }

    @Test
    void refusesDrillsThatThereCannotBe() {
        drill("freedom-drill", "data-migration");
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason()).contains("there is no drill of data-migration"));
        drill("elsewhere", "service-restart");
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason()).contains("freedom-drill", "elsewhere"));
        assertThat(commands).isEmpty();
    }

    @Test
    void startsWhatAnOperatorAsksForOnceALookHasEnded() {
        registered();
        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), "look-1", List.of()));
        operator(new StartRollback("rb-0", "no-such-scenario", null, null, null, List.of(), List.of()));
        assertThat(facts().getLast()).isInstanceOf(CommandRejected.class);
        assertThat(facts()).noneMatch(AbortRequested.class::isInstance);

        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of(), List.of()));
        assertThat(facts()).hasAtLeastOneElementOfType(AbortRequested.class);
        for (var command : List.copyOf(commands)) {
            if (command.getCommand() instanceof CancelStep) {
                worker(command, new StepCancelled("told to"));
            }
        }

        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .extracting(fact -> ((RollbackStarted) fact).getPlan().getScenario())
                .containsExactly("preview", "full-rollback");
        assertThat(facts()).filteredOn(CommandRejected.class::isInstance).hasSize(1);
    }

    @Test
    void recordsWhatAnOperatorChoseNotToTake() {
        registered();
        operator(new StartRollback(
                "rb-1", "service-restart", null, null, IncidentClass.DEPLOYMENT_FAILURE, List.of("api"), List.of()));

        assertThat(facts().getLast()).isInstanceOf(StepDispatched.class);
        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .singleElement()
                .extracting(fact -> ((RollbackStarted) fact).getPlan().getOverrides())
                .isEqualTo("selective-rollback");
    }

    @Test
    void answersAPreviewWithThePlanAndRunsNothing() {
        registered();
        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), null, List.of()));
        assertThat(facts().getLast()).isInstanceOf(PlanPreviewed.class);
        assertThat(commands).isEmpty();
    }

    private static List<String> kept(Plan plan) {
        return plan.getSteps().stream()
                .map(step -> step.getAction().getAction())
                .filter(ComposeDown.class::isInstance)
                .flatMap(down -> ((ComposeDown) down).getKeep().stream())
                .toList();
    }

    @Test
    void previewsThePlanOfAnIncidentClassThatIsTheIncidentsOwn() {
        registered();
        operator(new PreviewPlan("", null, null, IncidentClass.SECURITY_BREACH, List.of(), null, List.of()));
        var previewed = ((PlanPreviewed) facts().getLast()).getPlan();
        report(new String(alert("freedom", "f1", "firing"), StandardCharsets.UTF_8)
                .replace("service-degradation", "security-breach")
                .getBytes(StandardCharsets.UTF_8));
        var started = facts().stream()
                .filter(RollbackStarted.class::isInstance)
                .map(fact -> ((RollbackStarted) fact).getPlan())
                .findFirst()
                .orElseThrow();

        assertThat(kept(previewed)).as("database server").isEmpty();
        assertThat(previewed.getIncidentClass())
                .isEqualTo(IncidentClass.SECURITY_BREACH)
                .isEqualTo(started.getIncidentClass());
        assertThat(previewed.getSteps().stream().map(PlanStep::getTitle))
                .isEqualTo(started.getSteps().stream().map(PlanStep::getTitle).toList());
    }

    @Test
    void recordsTheClassThatAnOperatorNamesAndRestartsTheDatabaseServerAfterABreach() {
        registered();
        operator(new StartRollback("rb-1", "", null, null, IncidentClass.SECURITY_BREACH, List.of(), List.of()));

        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .singleElement()
                .isInstanceOfSatisfying(RollbackStarted.class, started -> {
                    assertThat(started.getPlan().getIncidentClass()).isEqualTo(IncidentClass.SECURITY_BREACH);
                    assertThat(started.getPlan().getScenario()).isEqualTo("full-rollback");
                    assertThat(kept(started.getPlan())).isEmpty();
                    assertThat(started.getOperator()).isEqualTo("ada");
                });
        assertThat(statuses().getLast().getTrigger()).isEqualTo("ada: SECURITY_BREACH");
    }

    @Test
    void asksForTheRestorePointWhereAnOperatorNamesADataCorruption() {
        registered();
        operator(new PreviewPlan("", null, null, IncidentClass.DATA_CORRUPTION, List.of(), null, List.of()));
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason())
                                .contains("name a restore point from before it began", "there is none of freedom")
                                .contains("say --restore-point none"));
    }

    @Test
    void startsNothingForAClassThatTheDescriptorHasNoScenarioFor() {
        operator(new RegisterPlatform(
                Descriptors.FREEDOM.replace("{SERVICE_DEGRADATION", "{SECURITY_BREACH: none, SERVICE_DEGRADATION")));
        operator(new StartRollback("rb-1", "", null, null, IncidentClass.SECURITY_BREACH, List.of(), List.of()));
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason())
                                .contains("no scenario for SECURITY_BREACH", "Choose one of full-rollback, "));
    }

    @Test
    void trustsNoRestorePointThatWasTakenOfADatabaseAnOperatorCallsCorrupt() {
        registered();
        operator(new StartRollback(
                "rb-bad", "restore-point", null, null, IncidentClass.DATA_CORRUPTION, List.of(), List.of()));
        restorePointVerified("rb-bad");
        operator(new PreviewPlan("full-rollback", null, "latest", null, List.of(), null, List.of()));
        assertThat(facts().getLast()).isInstanceOf(CommandRejected.class);

        operator(new StartRollback("rb-good", "restore-point", null, null, null, List.of(), List.of()));
        restorePointVerified("rb-good");
        operator(new PreviewPlan("full-rollback", null, "latest", null, List.of(), null, List.of()));
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        PlanPreviewed.class,
                        previewed -> assertThat(previewed.getPlan().getRestorePoint())
                                .isEqualTo("/var/backups/freedom/rb-good"));
    }

    /** Every command is answered as done, the last one with the restore point. */
    private void restorePointVerified(String id) {
        while (!commands.isEmpty()) {
            var command = commands.removeFirst();
            var point = new RestorePointVerified(id, "/var/backups/freedom/" + id, Instant.EPOCH, 1, 1L);
            boolean last = command.getStepId().equals("backup.verify");
            worker(command, last ? new StepDone(new StepResult(point), "verified", false) : done());
        }
    }

    @Test
    void tellsWhyAStepOfACheckFailed() {
        operator(new CheckPlatform("rb-check", Descriptors.FREEDOM));
        var probe = commands.stream()
                .filter(command -> command.getStepId().equals("health.probe-1"))
                .findFirst()
                .orElseThrow();
        worker(probe, new StepError(FailureKind.MISMATCH, "→ 500, expected 200"));
        assertThat(statuses().getLast().getSteps())
                .filteredOn(step -> step.getId().equals("health.probe-1"))
                .singleElement()
                .satisfies(step -> {
                    assertThat(step.getFailure()).isEqualTo(FailureKind.MISMATCH);
                    assertThat(step.getDetail()).isEqualTo("→ 500, expected 200");
                });
        commands.remove(probe);
        workersSucceed();
        assertThat(statuses().getLast().getState()).isEqualTo(RollbackState.SUCCEEDED);
    }

    @Test
    void rejectsWhatMakesNoSenseAndSaysWhatToDo() {
        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of(), List.of()));
        registered();
        operator(new StartRollback("rb-1", "no-such", null, null, null, List.of(), List.of()));
        operator(new AbortRollback("rb-1", AbortMode.NOW, true));
        operator(new StartRollback("../../etc", "full-rollback", null, null, null, List.of(), List.of()));
        operator(new RegisterPlatform("name: [broken"));
        var reasons = facts().stream()
                .filter(CommandRejected.class::isInstance)
                .map(fact -> ((CommandRejected) fact).getReason())
                .toList();
        assertThat(reasons).hasSize(5);
        assertThat(reasons.get(0)).contains("not registered");
        assertThat(reasons.get(1)).contains("there is no scenario no-such: choose one of full-rollback");
        assertThat(reasons.get(2)).contains("rollback rb-1 is not running");
        assertThat(reasons.get(3)).contains("is not of the form");
        assertThat(reasons.get(4)).contains("platform.yaml:1");
    }

    @Test
    void cancelsRunningStepsWhenAborted() {
        registered();
        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of(), List.of()));
        commands.clear();
        operator(new AbortRollback("rb-1", AbortMode.NOW, true));
        assertThat(commands).isNotEmpty().allMatch(command -> command.getCommand() instanceof CancelStep);
    }

    private void started() {
        registered();
        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of(), List.of()));
    }

    private List<String> rejections() {
        return facts().stream()
                .filter(CommandRejected.class::isInstance)
                .map(fact -> ((CommandRejected) fact).getReason())
                .toList();
    }

    @Test
    void sendsNoCommandWhilePausedAndGoesOnWhenResumed() {
        started();
        operator(new PauseRollback("rb-1"));
        workersSucceed();
        assertThat(statuses().getLast()).satisfies(status -> {
            assertThat(status.getState()).isEqualTo(RollbackState.PAUSED);
            assertThat(status.getReason()).isEqualTo("paused by ada");
        });
        operator(new ResumeRollback("rb-1"));
        workersSucceed();
        assertThat(statuses().getLast().getState()).isEqualTo(RollbackState.SUCCEEDED);
    }

    @Test
    void leavesThePlatformAsItIsWhenAbortedSo() {
        started();
        operator(new AbortRollback("rb-1", AbortMode.AFTER_STEP, false));
        assertThat(commands).noneMatch(command -> command.getCommand() instanceof CancelStep);
        workersSucceed();
        assertThat(statuses().getLast().getState()).isEqualTo(RollbackState.ABORTED);
        assertThat(facts().getLast()).isInstanceOfSatisfying(RollbackFinished.class, finished -> {
            assertThat(finished.getOutcome()).isEqualTo(Outcome.ABORTED);
            assertThat(finished.getReason()).endsWith("left as it is, nothing undone");
        });
    }

    @Test
    void letsNoIncidentStartOnAPlatformThatWasLeftToAnOperator() {
        started();
        operator(new AbortRollback("rb-1", AbortMode.AFTER_STEP, false));
        workersSucceed();

        report(alert("freedom", "f2", "firing"));
        assertThat(facts().getLast()).isInstanceOf(IncidentQueued.class);
        assertThat(commands).isEmpty();

        operator(new StartRollback("rb-point", "restore-point", null, null, null, List.of(), List.of()));
        workersSucceed();
        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .last()
                .isInstanceOfSatisfying(
                        RollbackStarted.class,
                        started -> assertThat(started.getIncident()).isNotNull());
    }

    @Test
    void goesOnUndoingWhenAnOperatorRetriesWhatHadFailed() {
        started();
        workersSucceedExcept("git.check-out", "container.stop-writers");
        assertThat(statuses().getLast().getState()).isEqualTo(RollbackState.COMPENSATION_FAILED);
        operator(new CheckPlatform("check-1", Descriptors.FREEDOM));
        workersSucceed();
        report(alert("freedom", "f2", "firing"));
        assertThat(facts().getLast()).as("a check mends nothing").isInstanceOf(IncidentQueued.class);
        operator(new PauseRollback("rb-1"));
        assertThat(rejections().getLast()).contains("rb-1 is over", "rollbackctl retry rb-1 container.stop-writers");

        operator(new RetryStep("rb-1", "container.stop-writers"));
        workersSucceed();

        assertThat(facts().stream()
                        .filter(RollbackFinished.class::isInstance)
                        .map(fact -> ((RollbackFinished) fact).getOutcome()))
                .as("of rb-1, the check, rb-1 again, and the one that the waiting incident started")
                .containsExactly(
                        Outcome.COMPENSATION_FAILED, Outcome.SUCCEEDED, Outcome.COMPENSATED, Outcome.SUCCEEDED);
    }

    @Test
    void undoesTheNewestRollbackThatSucceededAndNoOther() {
        started();
        workersSucceed();
        operator(new StartRollback("rb-2", "service-restart", null, null, null, List.of("api"), List.of()));
        workersSucceed();
        operator(new StartRollback("rb-3", "restore-point", null, null, null, List.of(), List.of()));
        workersSucceed();

        operator(new UndoRollback("rb-1", false));
        assertThat(rejections().getLast()).contains("rb-1 cannot be undone: only the newest", "which is rb-2");
        operator(new UndoRollback("rb-2", false));
        workersSucceed();
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        RollbackFinished.class,
                        finished -> assertThat(finished.getOutcome()).isEqualTo(Outcome.COMPENSATED));
        operator(new UndoRollback("rb-2", false));
        assertThat(rejections().getLast()).contains("rb-2 cannot be undone", "which is none");
    }

    private void archived() {
        operator(new RegisterPlatform(Descriptors.FREEDOM.replace("reserve: 512MiB}", "reserve: 512MiB, wal: {}}")));
    }

    private static StartRollback restore(String scenario, @Nullable IncidentClass kind) {
        return new StartRollback("rb-1", scenario, null, null, kind, List.of(), List.of());
    }

    @Test
    void putsTheDataBackToAMomentWithWhatItDerivesFirst() {
        archived();
        operator(new StartAtMoment("2026-03-01T02:59:00Z", restore("database-restore", IncidentClass.DATA_CORRUPTION)));
        restorePointVerified("rb-1");

        var started = facts().stream()
                .filter(RollbackStarted.class::isInstance)
                .map(RollbackStarted.class::cast)
                .toList();
        assertThat(started)
                .extracting(start -> start.getPlan().getScenario())
                .containsExactly("restore-point-derive", "database-restore");
        assertThat(started.getLast().getPlan()).satisfies(plan -> {
            assertThat(plan.getRestorePoint()).isEqualTo("/var/backups/freedom/rb-1");
            assertThat(plan.getContinues()).isEqualTo("rb-1");
            assertThat(plan.getIncidentClass()).isEqualTo(IncidentClass.DATA_CORRUPTION);
        });
        var first = statuses().stream()
                .filter(status -> status.getRollbackId().equals("rb-1"))
                .toList();
        assertThat(first).allMatch(status -> "database-restore".equals(status.getFollowedBy()));
        assertThat(first.getLast().getContinuedBy()).isEqualTo("rb-1-2");
        assertThat(first)
                .as("its end is published with what follows")
                .filteredOn(status -> status.getState() == RollbackState.SUCCEEDED)
                .hasSize(1);
    }

    @Test
    void startsNothingWhereTheMomentCouldNotBeDerived() {
        archived();
        operator(new StartAtMoment("latest", restore("database-restore", null)));
        worker(commands.removeLast(), new StepError(FailureKind.PRECONDITION, "not in the WAL archive"));

        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);
        assertThat(outcomes()).last().isNotEqualTo(Outcome.SUCCEEDED);
    }

    @Test
    void refusesBeforeAnythingIsDerivedWhatCouldNotFollow() {
        operator(new RegisterPlatform(Descriptors.FREEDOM));
        operator(new StartAtMoment("latest", restore("database-restore", null)));
        archived();
        operator(new StartAtMoment("yesterday", restore("database-restore", null)));
        operator(new StartAtMoment("latest", restore("service-restart", null)));
        operator(new StartAtMoment(
                "latest", new StartRollback("rb-1", "database-restore", null, "rb-0", null, List.of(), List.of())));

        assertThat(rejections())
                .satisfiesExactly(
                        it -> assertThat(it).contains("has no `backups.wal`"),
                        it -> assertThat(it).contains("\"yesterday\" is no moment"),
                        it -> assertThat(it).contains("service-restart of freedom restores no database"),
                        it -> assertThat(it).contains("name one of them"));
        assertThat(facts()).noneMatch(RollbackStarted.class::isInstance);
    }

    @Test
    void undoesWhatGivesDataUpOnceAsManyHaveAskedAsThePolicySays() {
        operator(new RegisterPlatform(Descriptors.FREEDOM + "approvals: {dataLoss: {operators: 2, within: 10m}}\n"));
        operator(new StartRollback("rb-0", "restore-point", null, null, null, List.of(), List.of()));
        restorePointVerified("rb-0");
        operator(new StartRollback("rb-1", "database-restore", null, "rb-0", null, List.of(), List.of()));
        operator(new ApproveGate("rb-1", "orchestrator.approve-data-loss"));
        operator("bob", new ApproveGate("rb-1", "orchestrator.approve-data-loss"));
        workersSucceed();
        assertThat(outcomes()).last().isEqualTo(Outcome.SUCCEEDED);

        operator(new UndoRollback("rb-1", true));
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        UndoApproved.class,
                        asked -> assertThat(asked.getApprovals() + " of " + asked.getNeeded())
                                .isEqualTo("1 of 2"));
        assertThat(statuses().getLast()).satisfies(status -> {
            assertThat(status.getState()).isEqualTo(RollbackState.SUCCEEDED);
            assertThat(status.getReason()).contains("ada asked to undo it");
        });
        operator("Ada ", new UndoRollback("rb-1", true));
        assertThat(rejections().getLast()).contains("has asked to undo rb-1 already; 1 more");
        assertThat(commands).isEmpty();

        operator("bob", new UndoRollback("rb-1", true));
        assertThat(facts()).hasAtLeastOneElementOfType(UndoRequested.class);
        workersSucceed();
        assertThat(outcomes()).last().isEqualTo(Outcome.COMPENSATED);
    }

    private List<Outcome> outcomes() {
        return facts().stream()
                .filter(RollbackFinished.class::isInstance)
                .map(fact -> ((RollbackFinished) fact).getOutcome())
                .toList();
    }

    @Test
    void buildsNothingWhereAnOperatorChoosesTheFasterWay() {
        registered();
        operator(new StartRollback("rb-1", "model-reset", null, null, null, List.of(), List.of()));
        workersSucceedUntil("container.prepare-images");
        var slow = commands.removeFirst();

        operator(new TakeFasterWay("rb-1", "container.prepare-images"));

        assertThat(commands).last().satisfies(command -> {
            assertThat(command.getAttempt()).isEqualTo(slow.getAttempt() + 1);
            assertThat(((ExecuteStep) command.getCommand()).getAction().getAction())
                    .isInstanceOfSatisfying(
                            PrepareImages.class,
                            images -> assertThat(images.getTakePresent()).isTrue());
        });
        assertThat(statuses().getLast().getSteps())
                .filteredOn(step -> step.getId().equals("container.prepare-images"))
                .extracting(StepStatus::getTitle)
                .first(STRING)
                .startsWith("Take the images that mlx-server");
        operator(new TakeFasterWay("rb-1", "container.up"));
        assertThat(rejections().getLast())
                .isEqualTo("there is no faster way for container.up, but for container.prepare-images");
        workersSucceed();
        assertThat(outcomes()).last().isEqualTo(Outcome.SUCCEEDED);
    }

    private void workersSucceedUntil(String step) {
        while (!commands.getFirst().getStepId().equals(step)) {
            worker(commands.removeFirst(), done());
        }
    }

    /** Undoing ends with that, and the platform is free again. */
    @Test
    void letsIncidentsInAgainOnceTheLastStepThatCouldNotBeUndoneIsSkipped() {
        started();
        workersSucceedExcept("git.check-out", "container.stop-writers");
        report(alert("freedom", "f2", "firing"));
        assertThat(facts().getLast()).isInstanceOf(IncidentQueued.class);

        operator(new SkipStep("rb-1", "container.stop-writers"));
        workersSucceed();

        assertThat(outcomes())
                .as("of rb-1, rb-1 again, and the one that the waiting incident started")
                .containsExactly(Outcome.COMPENSATION_FAILED, Outcome.COMPENSATED, Outcome.SUCCEEDED);
    }

    @Test
    void answersABreachWithNothingThatLeavesTheIntruderWhereHeIs() {
        registered();
        for (var scenario : List.of("service-restart", "configuration-rollback", "selective-rollback", "model-reset")) {
            operator(new StartRollback(
                    "rb-1", scenario, null, null, IncidentClass.SECURITY_BREACH, List.of(), List.of()));
            assertThat(rejections().getLast()).contains("no answer to SECURITY_BREACH; choose full-rollback");
        }
        operator(new RegisterPlatform(Descriptors.FREEDOM.replace(
                "{SERVICE_DEGRADATION: full-rollback}", "{SECURITY_BREACH: service-restart}")));
        assertThat(rejections().getLast()).contains("incidents.SECURITY_BREACH: service-restart stops no intruder");
        operator(new StartRollback(
                "rb-1", "full-reset", null, null, IncidentClass.SECURITY_BREACH, List.of(), List.of()));
        assertThat(facts()).hasAtLeastOneElementOfType(RollbackStarted.class);
    }

    @Test
    void followsTheScenarioThatAnAlertsRuleNames() {
        registered();
        report(alert("freedom", "leak", "firing", "service-degradation\",\"rollback_scenario\":\"performance-relief"));
        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .extracting(fact -> ((RollbackStarted) fact).getPlan().getScenario())
                .containsExactly("performance-relief");
        workersSucceed();

        report(alert("freedom", "typo", "firing", "service-degradation\",\"rollback_scenario\":\"performance"));
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        IncidentIgnored.class,
                        ignored -> assertThat(ignored.getReason())
                                .contains("label rollback_scenario names \"performance\"", "choose one of"));

        report(alert("freedom", "loss", "firing", "service-degradation\",\"rollback_scenario\":\"database-restore"));
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        IncidentIgnored.class,
                        ignored -> assertThat(ignored.getReason()).contains("data that nobody called corrupt"));

        report(alert("freedom", "theft", "firing", "security-breach\",\"rollback_scenario\":\"service-restart"));
        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .extracting(fact -> ((RollbackStarted) fact).getPlan().getScenario())
                .as("a breach is answered as the descriptor says")
                .containsExactly("performance-relief", "full-rollback");
    }

    /** One step that fails, and one that cannot be undone. */
    private void workersSucceedExcept(String failing, String notUndone) {
        while (!commands.isEmpty()) {
            var command = commands.removeFirst();
            boolean fails = command.getStepId().equals(command.getCompensation() ? notUndone : failing);
            if (command.getCommand() instanceof ExecuteStep) {
                worker(command, fails ? new StepError(FailureKind.PRECONDITION, "no room") : done());
            }
        }
    }

    @Test
    void tellsTheWorkerOfTheNewDeadlineAndSendsARetriedStepAgain() {
        started();
        var running = commands.getFirst();
        commands.clear();
        operator(new ChangeTimeout("rb-1", running.getStepId(), 3_600_000L));
        assertThat(commands).singleElement().satisfies(command -> {
            assertThat(command.getStepId()).isEqualTo(running.getStepId());
            assertThat(((ExtendStep) command.getCommand()).getDeadline())
                    .isEqualTo(Instant.parse("2026-03-01T04:00:00Z"));
        });
        commands.clear();
        operator(new RetryStep("rb-1", running.getStepId()));
        assertThat(commands)
                .singleElement()
                .satisfies(command -> assertThat(command.getAttempt()).isEqualTo(2));
    }

    @Test
    void saysWhyAControlIsNotFollowed() {
        started();
        operator(new ResumeRollback("rb-1"));
        operator(new SkipStep("rb-1", commands.getFirst().getStepId()));
        operator(new PauseRollback("rb-2"));
        assertThat(rejections()).hasSize(3);
        assertThat(rejections().get(0)).startsWith("rb-1 is not paused");
        assertThat(rejections().get(1)).contains("runs: wait for its end, or `rollbackctl abort rb-1`");
        assertThat(rejections().get(2)).contains("rollback rb-2 is not running on freedom");
    }
}
