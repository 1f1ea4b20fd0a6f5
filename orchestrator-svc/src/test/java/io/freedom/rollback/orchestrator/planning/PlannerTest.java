package io.freedom.rollback.orchestrator.planning;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.platform.DrillCopy;
import io.freedom.rollback.platform.InvalidDescriptorException;
import io.freedom.rollback.platform.PlatformDescriptors;
import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.AwaitDatabase;
import io.freedom.rollback.schemas.action.CheckBackupSpace;
import io.freedom.rollback.schemas.action.CheckCompose;
import io.freedom.rollback.schemas.action.CheckEndToEnd;
import io.freedom.rollback.schemas.action.CheckFiles;
import io.freedom.rollback.schemas.action.CheckModel;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.action.HttpProbe;
import io.freedom.rollback.schemas.action.ProbeHttp;
import io.freedom.rollback.schemas.action.ScanLogs;
import io.freedom.rollback.schemas.action.VerifyTarget;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.UndoTerms;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class PlannerTest {
    private static PlanStep step(Plan plan, String id) {
        return plan.getSteps().stream()
                .filter(step -> step.getId().equals(id))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no step " + id));
    }

    /** All steps that come before one, directly or not. */
    static Set<String> before(Plan plan, String id) {
        var found = new HashSet<String>();
        for (var dependency : step(plan, id).getDependsOn()) {
            if (found.add(dependency)) {
                found.addAll(before(plan, dependency));
            }
        }
        return found;
    }

    @ParameterizedTest
    @EnumSource(Scenario.class)
    void plansAnAcyclicGraphWhoseInputsComeFromEarlierSteps(Scenario scenario) {
        isSound(Planner.compile(Descriptors.request(scenario)));
    }

    @ParameterizedTest
    @EnumSource(Scenario.class)
    void looksAheadToAnyScenarioWithoutChangingThePlatform(Scenario scenario) {
        var look = Planner.look(Descriptors.request(scenario));

        isSound(look);
        assertThat(look.getScenario()).isEqualTo("preview");
        assertThat(look.getSteps())
                .isNotEmpty()
                .allSatisfy(step -> assertThat(step.getOnFailure())
                        .as("%s hides nothing of what comes after it", step.getId())
                        .isEqualTo(FailurePolicy.CONTINUE))
                .allSatisfy(step -> assertThat(step.getPhase()).isIn(Phase.ASSESS, Phase.FINISH));
        assertThat(look.getSteps())
                .filteredOn(step -> step.getId().equals("git.add-worktree"))
                .allSatisfy(
                        step -> assertThat(look.getSteps().getLast().getId()).isEqualTo("git.remove-worktree"));
    }

    static Stream<Scenario> drillable() {
        return Stream.of(Scenario.values()).filter(Scenario::canBeDrilled);
    }

    @ParameterizedTest
    @MethodSource("drillable")
    void makesTheCopyOfADrillFirstAndRemovesItLast(Scenario scenario) throws Exception {
        TrustedSchemas.trust();
        var request = Descriptors.request(scenario);
        var original = request.platform();
        var drilled = new PlanRequest(
                DrillCopy.of(original, 20_000),
                "hash",
                scenario,
                "drill-1",
                null,
                request.point(),
                null,
                null,
                request.services(),
                Map.of(),
                Instant.EPOCH,
                null,
                null,
                null,
                Set.of(),
                List.of());
        var point = new RestorePoint("rb-0", "/var/backups/freedom/rb-0", Instant.EPOCH, null, null, null);

        var plan = Drill.compile(drilled, original, point, null);

        isSound(plan);
        assertThat(plan.getDrillOf()).isEqualTo("freedom");
        var own = plan.getSteps().stream()
                .map(PlanStep::getId)
                .filter(id -> id.contains(Drill.OWN))
                .toList();
        assertThat(before(plan, "container.drill-remove"))
                .containsAll(Drill.played(plan).map(PlanStep::getId).toList());
        assertThat(Drill.played(plan))
                .isNotEmpty()
                .allSatisfy(step -> assertThat(before(plan, step.getId())).contains("container.drill-healthy"));
        assertThat(own).startsWith("container.drill-clear").endsWith("container.drill-remove", "backup.drill-remove");
        assertThat(plan.toString())
                .as("acts on nothing of the platform itself")
                .doesNotContain("\"project\": \"freedom\"")
                .doesNotContain("127.0.0.1:5432", "127.0.0.1:8080");
    }

    private static void isSound(Plan plan) {
        var seen = new HashSet<String>();
        for (var step : plan.getSteps()) {
            assertThat(seen).as("what %s depends on", step.getId()).containsAll(step.getDependsOn());
            assertThat(before(plan, step.getId()))
                    .as("inputs of %s", step.getId())
                    .containsAll(step.getInputs());
            if (step.getCompensation() != null) {
                assertThat(plan.getSteps().stream().map(PlanStep::getId))
                        .as("inputs for undoing %s, as far as they are there by then", step.getId())
                        .containsAll(step.getCompensation().getInputs());
            }
            assertThat(seen.add(step.getId()))
                    .as("id %s is unique", step.getId())
                    .isTrue();
        }
    }

    @Test
    void stopsNothingBeforeTheRestorePointIsVerifiedAndTheTargetsImagesAreBuilt() {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_ROLLBACK));
        assertThat(before(plan, "container.stop-writers"))
                .contains("git.verify-target", "backup.database", "backup.models", "backup.data-kb-service")
                .contains("backup.verify", "git.preserve-changes", "container.prepare-images", "health.env-keys")
                .contains("backup.check-server");
    }

    @Test
    void stopsAnIntruderFirstKeepsWhatIsThereAndNeverGoesBackUnasked() {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_ROLLBACK, null, IncidentClass.SECURITY_BREACH));
        assertThat(before(plan, "container.stop-writers")).containsExactly("container.record-state");
        assertThat(plan.getSteps())
                .filteredOn(step -> !List.of(
                                "container.record-state", "container.stop-writers", "container.preserve-evidence")
                        .contains(step.getId()))
                .allSatisfy(step -> assertThat(before(plan, step.getId())).contains("container.preserve-evidence"));
        assertThat(plan.getSteps()).noneMatch(step -> step.getOnFailure() == FailurePolicy.COMPENSATE);
        assertThat(before(plan, "git.check-out")).contains("backup.seal-database", "backup.verify");
        assertThat(before(plan, "container.down")).contains("backup.seal-database", "backup.verify");
    }

    @Test
    void exportsOnceNothingIsWrittenAnyMoreAndImportsBeforeTheServicesStart() {
        var plan = Planner.compile(Descriptors.request(Scenario.DATA_MIGRATION));
        assertThat(before(plan, "backup.export-data")).contains("backup.seal-database", "backup.verify");
        assertThat(step(plan, "backup.seal-database").getOnFailure())
                .as("what is still written would not be exported")
                .isEqualTo(FailurePolicy.COMPENSATE);
        for (var id : List.of("container.down", "git.check-out", "container.adopt-images")) {
            assertThat(before(plan, id)).as(id).contains("backup.export-data");
        }
        assertThat(before(plan, "backup.import-data")).contains("backup.restore-database", "git.verify-work-tree");
        assertThat(before(plan, "container.up")).contains("backup.import-data");
    }

    @Test
    void followsTheRunbooksPhases() {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_ROLLBACK));
        assertThat(plan.getSteps().stream().map(PlanStep::getPhase).distinct()).containsExactly(Phase.values());
        assertThat(before(plan, "git.check-out")).contains("container.stop-writers", "backup.seal-database");
        assertThat(before(plan, "container.start-database"))
                .contains("container.down", "git.check-out", "container.adopt-images");
        assertThat(before(plan, "container.up")).contains("git.verify-work-tree", "health.database-ready");
        assertThat(before(plan, "container.prune-images"))
                .as("chores come once service is back")
                .contains("container.await-healthy", "health.end-to-end", "health.database");
    }

    @Test
    void undoesEveryStepThatChangesThePlatform() {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_ROLLBACK, "/var/backups/freedom/rb-0", null));
        for (var id : List.of(
                "container.stop-writers",
                "container.down",
                "git.check-out",
                "container.adopt-images",
                "container.start-database",
                "backup.restore-database",
                "container.up")) {
            assertThat(step(plan, id).getCompensation())
                    .as("compensation of %s", id)
                    .isNotNull();
        }
    }

    @Test
    void marksWhereServiceGoesAndComesBack() {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_ROLLBACK));
        assertThat(step(plan, "container.stop-writers").getAvailability()).isEqualTo(Availability.GOES_DOWN);
        assertThat(step(plan, "container.await-healthy").getAvailability()).isEqualTo(Availability.COMES_BACK);
    }

    @Test
    void tellsEveryStepThatNeedsTheTargetWhichCommitWasVerified() {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_ROLLBACK));
        for (var id : List.of(
                "git.add-worktree",
                "container.prepare-images",
                "backup.modified-files",
                "git.check-out",
                "git.verify-work-tree")) {
            assertThat(step(plan, id).getInputs()).as("inputs of %s", id).contains("git.verify-target");
        }
    }

    @Test
    void restoresTheDatabaseOnlyFromAGivenRestorePoint() {
        assertThat(Planner.compile(Descriptors.request(Scenario.FULL_ROLLBACK)).getSteps())
                .noneMatch(step -> step.getId().equals("backup.restore-database"));
    }

    private static List<String> kept(@Nullable String restorePoint, @Nullable IncidentClass incident) {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_ROLLBACK, restorePoint, incident));
        var down = (ComposeDown) step(plan, "container.down").getAction().getAction();
        var undone = (ComposeDown) step(plan, "container.start-database")
                .getCompensation()
                .getAction()
                .getAction();
        assertThat(undone.getKeep()).isEqualTo(down.getKeep());
        return down.getKeep();
    }

    @Test
    void keepsTheDatabaseServerRunningUnlessItIsToHoldOtherDataOrWasBrokenInto() {
        assertThat(kept(null, null)).containsExactly("postgres");
        assertThat(kept(null, IncidentClass.DEPLOYMENT_FAILURE)).containsExactly("postgres");
        assertThat(kept(null, IncidentClass.SECURITY_BREACH)).isEmpty();
        assertThat(kept("/var/backups/freedom/rb-0", IncidentClass.DATA_CORRUPTION))
                .isEmpty();
    }

    @Test
    void replacesADatabaseThatIsTooCorruptToBeCountedOrDumped() {
        var plan = Planner.compile(Descriptors.request(
                Scenario.FULL_ROLLBACK, "/var/backups/freedom/rb-0", IncidentClass.DATA_CORRUPTION));
        for (var id : List.of("health.baseline", "backup.database", "backup.seal-database")) {
            assertThat(step(plan, id).getOnFailure()).as(id).isEqualTo(FailurePolicy.CONTINUE);
        }
        var kept = Planner.compile(Descriptors.request(Scenario.FULL_ROLLBACK));
        for (var id : List.of("health.baseline", "backup.database", "backup.seal-database")) {
            assertThat(step(kept, id).getOnFailure()).as(id).isEqualTo(FailurePolicy.COMPENSATE);
        }
    }

    private static final List<String> DESTROYING = List.of(
            "container.stop-writers",
            "container.down",
            "container.remove-volumes",
            "git.check-out",
            "git.set-files-aside",
            "container.adopt-images");

    @Test
    void resetsNothingBeforeOperatorsWereToldWhatGoesAndWhatCouldNotBeKept() {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_RESET));
        for (var id : DESTROYING) {
            assertThat(before(plan, id)).as(id).contains("orchestrator.approve-reset", "container.prepare-images");
        }
        assertThat(before(plan, "orchestrator.approve-reset"))
                .contains("backup.verify", "git.preserve-changes", "container.check-volumes", "container.capture-logs");
        var gate = (AwaitApproval)
                step(plan, "orchestrator.approve-reset").getAction().getAction();
        assertThat(gate.getStarterCounts()).isFalse();
        assertThat(gate.getApprovals()).isEqualTo(1);
        assertThat(gate.getOnExpiry()).isEqualTo(GateExpiry.REJECT);
        assertThat(String.join("\n", gate.getReasons()))
                .contains("volumes of compose project freedom", "kept in /var/backups/freedom/.volumes/rb-1")
                .contains(
                        "database freedom_kb and the others of its server begin anew",
                        "files in /srv/freedom that git does not track")
                .contains("all but .env, config/, docker-compose.yml, models/;", "images");
    }

    private static PlanStep resetGate(String approvals) throws InvalidDescriptorException {
        var platform = PlatformDescriptors.parse(Descriptors.FREEDOM + approvals, "platform.yaml");
        var request = Descriptors.request(Scenario.FULL_RESET);
        return step(
                Planner.compile(new PlanRequest(
                        platform,
                        "hash",
                        Scenario.FULL_RESET,
                        "rb-1",
                        null,
                        null,
                        null,
                        null,
                        request.services(),
                        Map.of(),
                        Descriptors.AT,
                        null,
                        null,
                        null,
                        Set.of(),
                        List.of())),
                "orchestrator.approve-reset");
    }

    @Test
    void asksForAResetInEachRespectAsTheStricterOfTheTwoPoliciesDoes() throws Exception {
        var gate = resetGate("""
                approvals:
                  reset: {operators: 1, within: 4h, unanswered: reject}
                  dataLoss: {operators: 2, within: 30m, unanswered: approve}
                """);
        assertThat(((AwaitApproval) gate.getAction().getAction()).getApprovals())
                .isEqualTo(2);
        assertThat(((AwaitApproval) gate.getAction().getAction()).getOnExpiry()).isEqualTo(GateExpiry.REJECT);
        assertThat(gate.getTimeout()).isEqualTo(Duration.ofMinutes(30).toMillis());

        var nobodyForDataLoss = resetGate("""
                approvals:
                  reset: {operators: 1, within: 4h, unanswered: approve}
                  dataLoss: {operators: 0, within: 30m, unanswered: reject}
                """);
        assertThat(((AwaitApproval) nobodyForDataLoss.getAction().getAction()).getOnExpiry())
                .as("a policy that asks nobody says nothing of how to ask")
                .isEqualTo(GateExpiry.APPROVE);
    }

    @Test
    void declaresWhatNothingBringsBackAndHowTheRestIsUndone() throws Exception {
        assertThat(Planner.compile(Descriptors.request(Scenario.SERVICE_RESTART))
                        .getUndo()
                        .getWithin())
                .as("it takes no restore point that would be kept")
                .isNull();
        assertThat(Planner.compile(Descriptors.request(Scenario.RESTORE_POINT)).getUndo())
                .as("it changes nothing")
                .isNull();
        var full = Planner.compile(Descriptors.request(Scenario.FULL_ROLLBACK));
        assertThat(full.getPointOfNoReturn()).isNull();
        assertThat(full.getUndo())
                .isEqualTo(new UndoTerms(
                        Duration.ofDays(30).toMillis(),
                        1,
                        Duration.ofMinutes(15).toMillis()));
    }

    @Test
    void hasAFasterWayWhereImagesAreBuiltThoughTheyAreHere() {
        for (var scenario : List.of(Scenario.MODEL_RESET, Scenario.FULL_RESET)) {
            var build = step(Planner.compile(Descriptors.request(scenario)), "container.prepare-images");
            assertThat(build.getFaster()).as(scenario.id()).isNotNull();
        }
    }

    @Test
    void resetsWhatIsTooBrokenToBeReadAndDemandsTheRest() {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_RESET, "/var/backups/freedom/rb-0", null));
        for (var id : List.of(
                "health.baseline",
                "backup.database",
                "backup.data-kb-service",
                "backup.verify-restore-point",
                "backup.verify",
                "backup.seal-database")) {
            assertThat(step(plan, id).getOnFailure()).as(id).isEqualTo(FailurePolicy.CONTINUE);
        }
        for (var id : List.of(
                "git.verify-target", "git.preserve-changes", "container.prepare-images", "container.keep-volumes")) {
            assertThat(step(plan, id).getOnFailure()).as(id).isEqualTo(FailurePolicy.COMPENSATE);
        }
    }

    @Test
    void removesVolumesOnceTheyAreKeptAndFilesOnceNoContainerSeesThem() {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_RESET));
        assertThat(before(plan, "container.keep-volumes")).contains("container.down", "backup.seal-database");
        assertThat(step(plan, "container.remove-volumes").getDependsOn()).containsExactly("container.keep-volumes");
        assertThat(before(plan, "git.set-files-aside")).contains("git.check-out", "container.down");
        assertThat(before(plan, "container.start-database"))
                .contains("container.remove-volumes", "git.set-files-aside", "container.adopt-images");
        assertThat(((ComposeDown) step(plan, "container.down").getAction().getAction()).getKeep())
                .isEmpty();
        for (var id : DESTROYING) {
            assertThat(step(plan, id).getCompensation())
                    .as("compensation of %s", id)
                    .isNotNull();
        }
        assertThat(plan.getRto()).isEqualTo(Duration.ofMinutes(30).toMillis());
    }

    @Test
    void stopsAnIntruderBeforeAResetAndDestroysNothingUnasked() {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_RESET, null, IncidentClass.SECURITY_BREACH));
        assertThat(before(plan, "container.stop-writers")).containsExactly("container.record-state");
        for (var id : List.of("container.down", "container.remove-volumes", "git.check-out", "git.set-files-aside")) {
            assertThat(before(plan, id)).as(id).contains("container.preserve-evidence", "orchestrator.approve-reset");
        }
        assertThat(plan.getSteps()).noneMatch(step -> step.getOnFailure() == FailurePolicy.COMPENSATE);
    }

    @Test
    void comparesRowsAfterAResetOnlyWithThoseOfARestorePoint() {
        assertThat(Planner.compile(Descriptors.request(Scenario.FULL_RESET)).getSteps())
                .noneMatch(step -> step.getId().equals("health.database"));
        var restored = Planner.compile(Descriptors.request(Scenario.FULL_RESET, "/var/backups/freedom/rb-0", null));
        assertThat(step(restored, "health.database").getInputs()).containsExactly("backup.restore-database");
        assertThat(before(restored, "backup.restore-database")).contains("container.remove-volumes");
    }

    @Test
    void takesARestorePointWithoutStoppingAnything() {
        var plan = Planner.compile(Descriptors.request(Scenario.RESTORE_POINT));
        assertThat(plan.getSteps())
                .allMatch(step ->
                        step.getPhase() == Phase.FINISH || step.getPhase().compareTo(Phase.SHUT_DOWN) < 0);
        assertThat(plan.getSteps().getLast().getId()).isEqualTo("backup.prove");
        assertThat(plan.getSteps().getLast().getDependsOn()).containsExactly("backup.verify");
    }

    @Test
    void reportsAllProblemsOfAPlatformAtOnce() {
        var plan = Planner.compile(Descriptors.request(Scenario.PLATFORM_CHECK));
        assertThat(plan.getSteps()).allMatch(step -> step.getOnFailure() == FailurePolicy.CONTINUE);
        assertThat(plan.getSteps()).allMatch(step -> step.getDependsOn().isEmpty());
    }

    @Test
    void looksAtEachProbeOnceAndAtAllPathsOfTheDescriptor() {
        var plan = Planner.compile(Descriptors.request(Scenario.PLATFORM_CHECK));

        assertThat(plan.getSteps().stream()
                        .filter(step -> step.getPhase() == Phase.VALIDATE)
                        .map(PlanStep::getId))
                .as("what may be broken right now")
                .containsExactly(
                        "health.critical-paths",
                        "health.kept-paths",
                        "health.probe-1",
                        "health.model",
                        "health.end-to-end");
        var gateway = (ProbeHttp) step(plan, "health.probe-1").getAction().getAction();
        assertThat(step(plan, "health.probe-1").getTitle()).isEqualTo("Probe API gateway");
        assertThat(gateway.getProbes()).noneMatch(HttpProbe::getPatient);
        assertThat(((AwaitDatabase)
                                step(plan, "health.database-ready").getAction().getAction())
                        .getPatient())
                .isFalse();
        var kept = (CheckFiles) step(plan, "health.kept-paths").getAction().getAction();
        assertThat(kept.getKeptPaths()).containsExactly("docker-compose.yml", ".env", "config/", "models/");
    }

    @Test
    void checksAPlatformWithoutWritingAnything() {
        var plan = Planner.compile(Descriptors.request(Scenario.PLATFORM_CHECK));

        assertThat(plan.getSteps())
                .map(step -> step.getAction().getAction())
                .hasOnlyElementsOfTypes(
                        VerifyTarget.class,
                        CheckCompose.class,
                        CheckFiles.class,
                        AwaitDatabase.class,
                        CheckBackupSpace.class,
                        ProbeHttp.class,
                        CheckModel.class,
                        CheckEndToEnd.class)
                .filteredOn(CheckBackupSpace.class::isInstance)
                .allMatch(action -> !((CheckBackupSpace) action).getTrial());
    }

    @Test
    void validatesWithPatienceAfterARollback() {
        var plan = Planner.compile(Descriptors.request(Scenario.FULL_ROLLBACK));
        var probes = (ProbeHttp) step(plan, "health.probes").getAction().getAction();
        assertThat(probes.getProbes()).allMatch(HttpProbe::getPatient);
    }

    @Test
    void givesTheSamePlanForTheSameRequest() {
        var request = Descriptors.request(Scenario.FULL_ROLLBACK);
        assertThat(Planner.compile(request)).isEqualTo(Planner.compile(request));
    }

    @Test
    void takesNoErrorForWhatItCausesItself() {
        var plan = Planner.compile(Descriptors.request(Scenario.DATABASE_RESTORE));

        var scan = (ScanLogs) step(plan, "health.logs").getAction().getAction();

        assertThat(List.of(
                        "FATAL:  terminating connection due to administrator command",
                        "FATAL:  terminating autovacuum process due to administrator command",
                        "FATAL:  terminating background worker \"parallel worker\" due to administrator command",
                        "FATAL:  database \"freedom_kb\" is not currently accepting connections",
                        "FATAL:  database \"freedom_kb\" does not exist"))
                .allMatch(line -> isIgnored(line, scan));
        assertThat(List.of(
                        "FATAL:  database \"freedom\" does not exist",
                        "ERROR:  relation \"freedom_kb\" does not exist",
                        "FATAL:  the database system is not yet accepting connections"))
                .noneMatch(line -> isIgnored(line, scan));
    }

    private static boolean isIgnored(String line, ScanLogs scan) {
        return scan.getIgnorePatterns().stream()
                .anyMatch(pattern -> Pattern.compile(pattern).matcher(line).find());
    }
}
