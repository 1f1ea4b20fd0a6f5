package io.freedom.rollback.orchestrator.planning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.schemas.action.*;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PartialScenariosTest {
    private static final String RESTORE_POINT = "/var/backups/freedom/rb-0";
    /** What a platform would notice. */
    private static final Set<Class<?>> CHANGES = Set.of(
            StopWriters.class,
            StopServices.class,
            ComposeDown.class,
            RestartServices.class,
            CheckOutTarget.class,
            CheckOutPaths.class,
            AdoptImages.class,
            ComposeUp.class,
            StartWriters.class,
            RestoreDatabase.class,
            RemoveVolumes.class,
            SetFilesAside.class);

    private static Plan plan(Scenario scenario, @Nullable String restorePoint, String... services) {
        return Planner.compile(Descriptors.request(scenario, restorePoint, null, services));
    }

    private static <T> List<T> actions(Plan plan, Class<T> type) {
        return plan.getSteps().stream()
                .map(step -> step.getAction().getAction())
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    private static <T> T only(Plan plan, Class<T> type) {
        assertThat(actions(plan, type)).as(type.getSimpleName()).hasSize(1);
        return actions(plan, type).getFirst();
    }

    private static Optional<PlanStep> step(Plan plan, Class<?> action) {
        return plan.getSteps().stream()
                .filter(step -> action.isInstance(step.getAction().getAction()))
                .findFirst();
    }

    @ParameterizedTest
    @EnumSource(Scenario.class)
    void saysHowToUndoWhateverChangesThePlatform(Scenario scenario) {
        var plans = List.of(Planner.compile(Descriptors.request(scenario)), plan(scenario, RESTORE_POINT));
        assertThat(plans)
                .allSatisfy(plan -> assertThat(plan.getSteps())
                        .filteredOn(step ->
                                CHANGES.contains(step.getAction().getAction().getClass()))
                        .allSatisfy(step -> assertThat(step.getCompensation())
                                .as("compensation of %s", step.getId())
                                .isNotNull()));
    }

    @ParameterizedTest
    @EnumSource(Scenario.class)
    void saysWhereServiceGoesIfItComesBack(Scenario scenario) {
        var steps = Planner.compile(Descriptors.request(scenario)).getSteps();
        long down = steps.stream()
                .filter(step -> step.getAvailability() == Availability.GOES_DOWN)
                .count();
        long back = steps.stream()
                .filter(step -> step.getAvailability() == Availability.COMES_BACK)
                .count();
        assertThat(down).isEqualTo(back).isLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            SERVICE_RESTART,         5
            PERFORMANCE_RELIEF,      5
            MODEL_RESET,             5
            CONFIGURATION_ROLLBACK, 10
            DATABASE_RESTORE,       20
            DATABASE_REBUILD,       20
            FILES_RESTORE,          20
            FULL_RESTORE,           20
            FULL_RESET,             30
            FULL_ROLLBACK,          30
            """)
    void hasTheRunbooksObjectives(Scenario scenario, int minutes) {
        assertThat(Planner.compile(Descriptors.request(scenario)).getRto()).isEqualTo(minutes * 60_000L);
    }

    /** Undone in reverse order: containers go back once files, image names and data are as they were. */
    @ParameterizedTest
    @EnumSource(Scenario.class)
    void bringsContainersBackAfterWhatTheyAreMadeOf(Scenario scenario) {
        for (var plan : List.of(Planner.compile(Descriptors.request(scenario)), plan(scenario, RESTORE_POINT))) {
            var undos = plan.getSteps().stream()
                    .filter(step -> step.getCompensation() != null)
                    .map(step -> step.getCompensation().getAction().getAction().getClass())
                    .toList()
                    .reversed();
            var containers = undos.lastIndexOf(RestoreContainers.class);
            for (var part : List.of(
                    ReturnPaths.class,
                    ReturnToPrevious.class,
                    BringFilesBack.class,
                    RestoreImages.class,
                    RestoreVolumes.class,
                    SwapDatabaseBack.class)) {
                assertThat(containers < 0 || undos.lastIndexOf(part) < containers)
                        .as("%s before RestoreContainers in %s", part.getSimpleName(), undos)
                        .isTrue();
            }
        }
    }

    @Test
    void restartsTheNamedServiceOnly() {
        var plan = plan(Scenario.SERVICE_RESTART, null, "api");
        assertThat(plan.getServices()).containsExactly("api");
        assertThat(plan.getTarget()).as("git is not touched").isNull();
        assertThat(only(plan, RestartServices.class).getServices()).containsExactly("api");
        assertThat(actions(plan, AwaitHealthy.class))
                .as("and looked at once more")
                .hasSize(2)
                .allSatisfy(await -> assertThat(await.getServices()).containsExactly("api"));
        assertThat(only(plan, ScanLogs.class).getServices()).containsExactly("api");
    }

    @Test
    void relievesTheServicesThatHaveBoundsAndMeasuresBeforeAndAfter() {
        var plan = plan(Scenario.PERFORMANCE_RELIEF, null);
        assertThat(plan.getServices()).containsExactly("mlx-server");
        assertThat(actions(plan, MeasureUsage.class))
                .extracting(MeasureUsage::getEnforce)
                .containsExactly(false, true);
    }

    @Test
    void resetsTheModelServiceFromThePresentWorkTree() {
        var plan = plan(Scenario.MODEL_RESET, null);
        var images = only(plan, PrepareImages.class);
        assertThat(images.getSource()).isEqualTo("/srv/freedom");
        assertThat(images.getServices()).containsExactly("mlx-server");
        assertThat(images.getReuse()).isFalse();
        assertThat(only(plan, ComposeUp.class).getRecreate()).isTrue();
        assertThat(only(plan, AwaitLog.class).getPattern()).isEqualTo("model loaded");
    }

    @Test
    void takesNothingButTheConfigurationBack() {
        var plan = plan(Scenario.CONFIGURATION_ROLLBACK, null);
        assertThat(only(plan, CheckOutPaths.class).getPaths()).containsExactly("docker-compose.yml", ".env", "config/");
        assertThat(step(plan, PrepareImages.class)).as("no image is built").isEmpty();
        assertThat(step(plan, RestoreDatabase.class)).as("data stay").isEmpty();
    }

    @Test
    void rollsTheCodeOfTheNamedServicesBackAndBuildsTheirImagesBeforeTheyStop() {
        var plan = plan(Scenario.SERVICE_ROLLBACK, null, "api", "kb-service");
        assertThat(only(plan, CheckOutPaths.class).getPaths())
                .containsExactly("services/api/", "services/common/", "services/kb/");
        assertThat(only(plan, PrepareImages.class).getServices()).containsExactly("api", "kb-service");
        assertThat(step(plan, StopServices.class).orElseThrow().getDependsOn()).contains("container.prepare-images");
        assertThat(step(plan, RestoreDatabase.class))
                .as("without a restore point")
                .isEmpty();
    }

    @Test
    void rollsDataBackWithTheCodeWhereARestorePointIsNamed() {
        var plan = plan(Scenario.SERVICE_ROLLBACK, RESTORE_POINT, "kb-service");
        assertThat(only(plan, RestoreDatabase.class).getRestorePoint()).isEqualTo(RESTORE_POINT);
        assertThat(step(plan, ComposeUp.class).orElseThrow().getDependsOn()).contains("backup.restore-database");
    }

    @Test
    void restoresADatabaseWithoutTouchingGitOrImages() {
        var plan = plan(Scenario.DATABASE_RESTORE, RESTORE_POINT);
        assertThat(plan.getSteps()).noneMatch(step -> step.getId().startsWith("git."));
        assertThat(step(plan, RestoreDatabase.class).orElseThrow().getDependsOn())
                .contains("container.stop-writers");
        assertThat(only(plan, StopWriters.class).getExcept()).containsExactly("postgres");
    }

    @Test
    void givesADatabaseServerThatDoesNotStartANewVolumeAndTouchesNoOtherService() {
        var plan = plan(Scenario.DATABASE_REBUILD, RESTORE_POINT);
        assertThat(plan.getSteps()).noneMatch(step -> step.getId().startsWith("git."));
        assertThat(only(plan, ComposeDown.class).getServices()).containsExactly("postgres");
        assertThat(only(plan, CheckVolumes.class).getServices()).containsExactly("postgres");
        assertThat(only(plan, ComposeUp.class).getServices()).containsExactly("postgres");
        assertThat(step(plan, KeepVolumes.class).orElseThrow().getInputs()).containsExactly("container.check-volumes");
        assertThat(step(plan, RestoreDatabase.class).orElseThrow().getDependsOn())
                .containsExactly("health.database-ready");
        for (var action : List.of(DumpDatabase.class, VerifyRestorePoint.class)) {
            assertThat(step(plan, action).orElseThrow().getOnFailure())
                    .as("%s needs a server", action.getSimpleName())
                    .isEqualTo(FailurePolicy.CONTINUE);
        }
    }

    @Test
    void checksTheServerBeforeItStopsAnythingWhereDataAreRestored() {
        for (var scenario : List.of(
                Scenario.FULL_ROLLBACK,
                Scenario.SERVICE_ROLLBACK,
                Scenario.DATABASE_RESTORE,
                Scenario.DATABASE_REBUILD)) {
            var plan = plan(scenario, RESTORE_POINT);
            var check = step(plan, CheckDatabaseServer.class).orElseThrow();
            assertThat(only(plan, CheckDatabaseServer.class).getRestorePoint()).isEqualTo(RESTORE_POINT);
            assertThat(PlannerTest.before(plan, "backup.restore-database"))
                    .as(scenario.id())
                    .contains(check.getId());
            assertThat(only(plan, HoldRestorePoint.class).getRestored()).isEqualTo(RESTORE_POINT);
        }
    }

    @Test
    void looksWhetherAllRowsAreBackOnceAReplacementOfThemIsUndone() {
        for (var scenario : List.of(Scenario.FULL_ROLLBACK, Scenario.FULL_RESET)) {
            var seal = step(plan(scenario, RESTORE_POINT), SealDatabase.class).orElseThrow();
            assertThat(seal.getCompensation().getAction().getAction()).isInstanceOf(CheckDatabase.class);
            assertThat(seal.getCompensation().getInputs())
                    .containsExactly(seal.getId(), "health.baseline", "container.stop-writers");
        }
        for (var scenario : List.of(Scenario.SERVICE_ROLLBACK, Scenario.DATABASE_RESTORE, Scenario.DATABASE_REBUILD)) {
            var plan = plan(scenario, RESTORE_POINT);
            var baseline = step(plan, RecordBaseline.class).orElseThrow();
            assertThat(baseline.getCompensation().getAction().getAction())
                    .as(scenario.id())
                    .isInstanceOf(CheckDatabase.class);
            assertThat(baseline.getCompensation().getInputs())
                    .containsExactly(
                            baseline.getId(),
                            scenario == Scenario.SERVICE_ROLLBACK ? "container.stop" : "container.stop-writers");
            assertThat(PlannerTest.before(plan, "backup.restore-database"))
                    .as("so it is undone after that")
                    .contains(baseline.getId());
            assertThat(baseline.getOnFailure()).as("it may be corrupt").isEqualTo(FailurePolicy.CONTINUE);
        }
        assertThat(step(plan(Scenario.SERVICE_ROLLBACK, null), RecordBaseline.class)
                        .orElseThrow()
                        .getCompensation())
                .as("data stay")
                .isNull();
        assertThat(step(plan(Scenario.FULL_ROLLBACK, null), SealDatabase.class)
                        .orElseThrow()
                        .getCompensation())
                .as("data stay")
                .isNull();
    }

    @Test
    void takesARestorePointOfOneMomentAndLeavesNothingToUndo() {
        var plan = plan(Scenario.QUIESCED_RESTORE_POINT, null);

        assertThat(only(plan, StopWriters.class).getExcept()).containsExactly("postgres");
        for (var copied : List.of(DumpDatabase.class, ArchiveModels.class, CopyContainerData.class)) {
            assertThat(step(plan, copied).orElseThrow().getDependsOn()).containsExactly("container.stop-writers");
        }
        var start = step(plan, StartWriters.class).orElseThrow();
        assertThat(start.getDependsOn())
                .contains("backup.database", "backup.models", "backup.data-kb-service")
                .as("the platform does not wait for these")
                .doesNotContain("backup.manifest", "backup.verify");
        assertThat(only(plan, StartWriters.class).getFailed()).isEmpty();
        assertThat(Platforms.changes(plan)).as("what could be undone still can").isFalse();
        assertThat(Platforms.stops(plan)).as("who watches is to know").isTrue();
    }

    @Test
    void putsDatabaseAndFilesBackInOneDowntime() {
        var plan = plan(Scenario.FULL_RESTORE, RESTORE_POINT);

        assertThat(only(plan, StopWriters.class).getExcept()).containsExactly("postgres");
        assertThat(only(plan, RestoreDatabase.class).getRestorePoint()).isEqualTo(RESTORE_POINT);
        assertThat(plan.getSteps())
                .filteredOn(step -> step.getId().equals("container.up"))
                .singleElement()
                .satisfies(up -> assertThat(up.getDependsOn()).contains("backup.restore-database"));
        assertThat(only(plan, UnpackFiles.class).getRestorePoint()).isEqualTo(RESTORE_POINT);
        assertThat(step(plan, DumpDatabase.class).orElseThrow().getOnFailure())
                .as("it may be too corrupt to be read")
                .isEqualTo(FailurePolicy.CONTINUE);
        assertThat(only(plan, AwaitApproval.class).getReasons()).first(STRING).contains("freedom_kb", "rb-0");
        assertThat(plan.getRestorePoint()).isEqualTo(RESTORE_POINT);
    }

    // ---- which services -----------------------------------------------------------------------------

    private static List<String> chosen(Scenario scenario, String... asked) throws ChosenServices.Unsuitable {
        return ChosenServices.of(scenario, Descriptors.freedom(), List.of(asked));
    }

    @Test
    void choosesTheServicesThatSuitTheScenario() throws Exception {
        assertThat(chosen(Scenario.MODEL_RESET)).containsExactly("mlx-server");
        assertThat(chosen(Scenario.SERVICE_ROLLBACK)).containsExactly("api", "kb-service", "mlx-server");
        assertThat(chosen(Scenario.SERVICE_RESTART)).containsExactly("api", "kb-service", "mlx-server", "castle-gui");
        assertThat(chosen(Scenario.FULL_ROLLBACK)).isEmpty();
    }

    @Test
    void refusesServicesThatMakeNoSense() {
        assertThatThrownBy(() -> chosen(Scenario.SERVICE_RESTART, "apo"))
                .hasMessageContaining("declares no service apo: choose of api, kb-service, mlx-server, castle-gui");
        assertThatThrownBy(() -> chosen(Scenario.SERVICE_ROLLBACK, "castle-gui"))
                .hasMessageContaining("which paths of the repository belong to castle-gui");
        assertThatThrownBy(() -> chosen(Scenario.FULL_ROLLBACK, "api")).hasMessageContaining("whole platform");
    }

    @ParameterizedTest
    @EnumSource(names = {"FULL_ROLLBACK", "SERVICE_ROLLBACK", "DATABASE_RESTORE", "DATABASE_REBUILD"})
    void stopsNothingBeforeSomebodyApprovedThatDataAreGivenUp(Scenario scenario) {
        var plan = plan(scenario, RESTORE_POINT);
        var gate = only(plan, AwaitApproval.class);
        assertThat(gate.getReasons()).first(STRING).contains("freedom_kb", "rb-0");
        boolean removesVolumes = scenario == Scenario.DATABASE_REBUILD;
        assertThat(gate.getReasons().stream().skip(1))
                .isEqualTo(
                        removesVolumes
                                ? List.of("the volumes of postgres are removed with all data in them")
                                : List.of());
        assertThat(gate.getStarterCounts())
                .as("to start it is not to approve it")
                .isFalse();
        assertThat(step(plan, AwaitApproval.class).orElseThrow().getDependsOn())
                .isEqualTo(removesVolumes ? List.of("container.check-volumes") : List.of());
        assertThat(gate.getApprovals()).isOne();
        assertThat(gate.getOnExpiry()).isEqualTo(GateExpiry.REJECT);
        assertThat(plan.getSteps())
                .filteredOn(step -> step.getPhase() == Phase.SHUT_DOWN)
                .first()
                .satisfies(stop -> assertThat(stop.getDependsOn()).contains("orchestrator.approve-data-loss"));
        if (!scenario.needsRestorePoint()) {
            assertThat(plan(scenario, null).getSteps())
                    .noneMatch(step -> step.getAction().getAction() instanceof AwaitApproval);
        }
    }
}
