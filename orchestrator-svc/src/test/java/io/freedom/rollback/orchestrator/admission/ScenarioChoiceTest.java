package io.freedom.rollback.orchestrator.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.DropReplacedDatabases;
import io.freedom.rollback.schemas.action.HoldRestorePoint;
import io.freedom.rollback.schemas.action.ProveRestorePoint;
import io.freedom.rollback.schemas.action.PruneRestorePoints;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ScenarioChoiceTest {
    static {
        TrustedSchemas.trust();
    }

    private static final Instant NOW = Instant.parse("2026-11-24T03:00:00Z");
    private static final String INCIDENTS = """
            incidents:
              SERVICE_DEGRADATION: service-restart
              DATA_CORRUPTION: database-restore
              DEPLOYMENT_FAILURE: service-rollback
            """;
    private static final PlatformState REGISTERED = PlatformState.newBuilder()
            .setPlatform("freedom")
            .setDescriptor(Descriptors.FREEDOM.replace("incidents: {SERVICE_DEGRADATION: full-rollback}\n", INCIDENTS))
            .setRestorePoints(List.of(
                    new RestorePoint("rb-old", "/var/backups/freedom/rb-old", NOW.minusSeconds(7200), null, null, null),
                    new RestorePoint("rb-new", "/var/backups/freedom/rb-new", NOW.minusSeconds(60), null, null, null)))
            .build();

    private static Incident incident(IncidentClass kind, String fingerprint, Map<String, String> labels) {
        return Incident.newBuilder()
                .setIncidentId("i-" + fingerprint)
                .setPlatform("freedom")
                .setIncidentClass(kind)
                .setFingerprint(fingerprint)
                .setBeganAt(NOW.minusSeconds(600))
                .setSummary("broken")
                .setEvidence(labels)
                .setSource("test")
                .build();
    }

    private static Decision decide(Incident incident) {
        return new Admission(REGISTERED, null, _ -> Optional.empty(), NOW).decide(incident);
    }

    private static Plan plan(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Start.class);
        return ((Decision.Start) decision).command().plan();
    }

    private static Decision asked(PlatformState state, StartRollback start) {
        var command = OperatorCommand.newBuilder()
                .setCommandId("c")
                .setPlatform("freedom")
                .setOperator("ada")
                .setAt(NOW)
                .setCommand(start)
                .build();
        return new Admission(state, null, _ -> Optional.empty(), NOW).decide(command);
    }

    private static Decision start(String scenario, @Nullable String restorePoint, String... services) {
        return asked(
                REGISTERED,
                new StartRollback("rb-1", scenario, null, restorePoint, null, List.of(services), List.of()));
    }

    private static String rejection(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Reject.class);
        return ((Decision.Reject) decision).reason();
    }

    @Test
    void restartsTheServiceThatTheAlertNames() {
        var plan = plan(decide(incident(IncidentClass.SERVICE_DEGRADATION, "a", Map.of("service", "api"))));
        assertThat(plan.getScenario()).isEqualTo("service-restart");
        assertThat(plan.getServices()).containsExactly("api");
    }

    @Test
    void passesOverLabelsThatNameNoServiceOfThePlatform() {
        var plan = plan(decide(incident(IncidentClass.SERVICE_DEGRADATION, "a", Map.of("service", "node-exporter"))));
        assertThat(plan.getServices()).containsExactly("api", "kb-service", "mlx-server", "castle-gui");
    }

    @Test
    void restoresACorruptedDatabaseFromBeforeTheCorruptionBegan() {
        var plan = plan(decide(incident(IncidentClass.DATA_CORRUPTION, "a", Map.of())));
        assertThat(plan.getScenario()).isEqualTo("database-restore");
        assertThat(plan.getRestorePoint()).isEqualTo("/var/backups/freedom/rb-old");
    }

    private static Decision restoreFiles(PlatformState state, @Nullable String restorePoint, String... parts) {
        return asked(
                state, new StartRollback("rb-1", "files-restore", null, restorePoint, null, List.of(), List.of(parts)));
    }

    private static List<String> ids(Plan plan) {
        return plan.getSteps().stream().map(PlanStep::getId).toList();
    }

    @Test
    void putsTheChosenFilesBackAndNoDatabase() {
        var all = plan(restoreFiles(REGISTERED, "rb-old"));
        assertThat(all.getRestorePoint()).as("of the database").isNull();
        assertThat(ids(all))
                .contains(
                        "orchestrator.approve-data-loss",
                        "backup.unpack-files",
                        "git.swap-files",
                        "container.make",
                        "backup.replace-data-kb-service",
                        "container.up")
                .doesNotContain("backup.restore-database", "backup.database");
        assertThat(ids(plan(restoreFiles(REGISTERED, "latest", "models"))))
                .contains("backup.unpack-files", "git.swap-files", "container.start-writers")
                .doesNotContain("container.up", "backup.check-data", "orchestrator.approve-data-loss");
        assertThat(ids(plan(restoreFiles(REGISTERED, "latest", "configuration"))))
                .as("what is in containers alone is kept where they are made anew")
                .containsSubsequence(
                        "backup.data-kb-service",
                        "git.swap-files",
                        "container.make",
                        "backup.keep-data-kb-service",
                        "container.up")
                .doesNotContain("backup.check-data", "orchestrator.approve-data-loss");
        assertThat(ids(plan(restoreFiles(REGISTERED, "rb-old", "containers"))))
                .contains("backup.data-kb-service", "backup.replace-data-kb-service", "container.start-writers")
                .doesNotContain("git.swap-files", "container.up", "container.keep-images");
    }

    @Test
    void putsNoFilesBackWhereItIsNotSaidOfWhatOrThereAreNone() {
        assertThat(rejection(restoreFiles(REGISTERED, null))).contains("name the restore point whose files go back");
        assertThat(rejection(restoreFiles(REGISTERED, "rb-none"))).contains("no verified restore point rb-none");
        assertThat(rejection(restoreFiles(REGISTERED, "rb-old", "moddels")))
                .isEqualTo("there is no part moddels: choose of models, configuration, containers");
        assertThat(rejection(restoreFiles(Platforms.withoutFiles(REGISTERED, "rb-new"), "rb-new")))
                .contains("rb-new was derived of a moment and holds databases alone");
        assertThat(rejection(start("files-restore", "rb-old", "api"))).contains("concerns the whole platform");
        var parted = new StartRollback("rb-1", "database-restore", null, "rb-old", null, List.of(), List.of("models"));
        assertThat(rejection(asked(REGISTERED, parted)))
                .contains("database-restore has no parts: leave --part out, or choose files-restore");
        var alone = Platforms.withoutFiles(REGISTERED, "rb-new");
        var full = new StartRollback("rb-1", "full-restore", null, "rb-new", null, List.of(), List.of());
        assertThat(rejection(asked(alone, full))).contains("rb-new was derived of a moment and holds databases alone");
    }

    private static PlatformState proven(String... ids) {
        var state = REGISTERED;
        for (var id : ids) {
            state = Platforms.proven(state, id, NOW.minusSeconds(30));
        }
        return state;
    }

    private static Decision restore(PlatformState state, String scenario, @Nullable String restorePoint) {
        return asked(state, new StartRollback("rb-1", scenario, null, restorePoint, null, List.of(), List.of()));
    }

    @Test
    void takesTheNewestRestorePointThatWasRestoredBeforeAndSaysWhichItPassesOver() {
        var plan = plan(restore(proven("rb-old"), "database-restore", "latest"));
        assertThat(plan.getRestorePoint()).endsWith("/rb-old");
        assertThat(plan.getSteps())
                .filteredOn(step -> step.getId().equals("orchestrator.approve-data-loss"))
                .singleElement()
                .satisfies(gate -> assertThat(((AwaitApproval) gate.getAction().getAction()).getReasons())
                        .anyMatch(
                                reason -> reason.startsWith("rb-new of 2026-11-24T02:59:00Z is newer, but was never")));

        assertThat(plan(restore(proven("rb-old", "rb-new"), "database-restore", "latest"))
                        .getRestorePoint())
                .endsWith("/rb-new");
        assertThat(plan(restore(REGISTERED, "database-restore", "latest")).getRestorePoint())
                .as("none was restored before")
                .endsWith("/rb-new");
        assertThat(plan(restore(proven("rb-old"), "full-restore", "latest")).getRestorePoint())
                .endsWith("/rb-old");
        assertThat(plan(restore(proven("rb-old"), "database-restore", "rb-new")).getRestorePoint())
                .as("somebody names it")
                .endsWith("/rb-new");
    }

    @Test
    void takesTheNextRestorePointWhereTheNewestIsDamagedAndSaysWhy() {
        for (var state : List.of(REGISTERED, proven("rb-old", "rb-new"))) {
            var damaged = Platforms.blamed(state, "rb-new", "toc.dat was changed");

            var plan = plan(restore(damaged, "database-restore", "latest"));

            assertThat(plan.getRestorePoint()).endsWith("/rb-old");
            assertThat(plan.getSteps())
                    .filteredOn(step -> step.getId().equals("orchestrator.approve-data-loss"))
                    .singleElement()
                    .satisfies(
                            gate -> assertThat(((AwaitApproval) gate.getAction().getAction()).getReasons())
                                    .anyMatch(
                                            reason -> reason.startsWith(
                                                    "rb-new of 2026-11-24T02:59:00Z is newer, but cannot be relied on (toc.dat was changed)")));
            assertThat(rejection(restore(damaged, "database-restore", "rb-new")))
                    .contains("there is no verified restore point rb-new");
        }
    }

    @Test
    void checksTheRestorePointThatSomebodyNamesAndReplacesNothing() {
        var plan = plan(restore(REGISTERED, "restore-point-check", "rb-old"));

        assertThat(plan.getRestorePoint()).as("it restores nothing").isNull();
        assertThat(plan.getSteps())
                .extracting(PlanStep::getId)
                .containsExactly("backup.verify-restore-point", "backup.prove");
        assertThat(plan.getSteps().getLast().getAction().getAction())
                .isInstanceOfSatisfying(
                        ProveRestorePoint.class,
                        prove -> assertThat(prove.getDirectory()).isEqualTo("/var/backups/freedom/rb-old"));
        assertThat(rejection(restore(REGISTERED, "restore-point-check", "rb-none")))
                .contains("there is no verified restore point rb-none", "rb-new of", "(never restored)");
    }

    @Test
    void holdsTheRestorePointThatSomebodyNames() {
        var step = plan(restore(REGISTERED, "restore-point-hold", "rb-old")).getSteps();
        assertThat(step).singleElement().satisfies(hold -> {
            var action = (HoldRestorePoint) hold.getAction().getAction();
            assertThat(action.getDirectory()).isEqualTo("/var/backups/freedom/rb-old");
            assertThat(action.getRestored()).isNull();
            assertThat(action.getBecause()).isEqualTo("asked for with rb-1");
        });
    }

    @Test
    void dropsWhatAnAcceptedRollbackHasReplacedAndNothingOfOthers() {
        var replaced = Platforms.replaced(REGISTERED, "rb-0", NOW.plusSeconds(60));
        assertThat(plan(restore(replaced, "acceptance", "rb-0")).getSteps())
                .singleElement()
                .satisfies(drop -> assertThat(
                                ((DropReplacedDatabases) drop.getAction().getAction()).getRollbackId())
                        .isEqualTo("rb-0"));
        assertThat(plan(restore(Platforms.handled(REGISTERED, "rb-0"), "acceptance", "rb-0"))
                        .getRestorePoint())
                .as("of an earlier release; nothing is restored")
                .isNull();

        assertThat(rejection(restore(REGISTERED, "acceptance", "rb-0")))
                .isEqualTo(
                        "there was no rollback rb-0 of freedom: `rollbackctl replaced list` shows those that have replaced a database");
        assertThat(rejection(restore(replaced, "acceptance", null))).startsWith("say which rollback is accepted");
        var left = PlatformState.newBuilder(replaced).setLeftBy("rb-0").build();
        assertThat(rejection(restore(left, "acceptance", "rb-0"))).startsWith("rb-0 left the platform to you");
    }

    @Test
    void removesWhatRetentionDoesNotKeepAndSaysWhereThatIsNothing() {
        assertThat(rejection(restore(REGISTERED, "restore-point-prune", null)))
                .isEqualTo("no restore point of freedom is to be removed: its descriptor has no `backups.keep`");
        var keeping = PlatformState.newBuilder(REGISTERED)
                .setDescriptor(String.valueOf(REGISTERED.getDescriptor())
                        .replace(
                                "reserve: 512MiB}",
                                "reserve: 512MiB, keep: {last: 1, daily: 0, weekly: 0, monthly: 0}}"))
                .build();
        var steps = plan(restore(keeping, "restore-point-prune", null)).getSteps();
        assertThat(steps)
                .singleElement()
                .satisfies(prune -> assertThat(
                                ((PruneRestorePoints) prune.getAction().getAction()).getDirectories())
                        .containsExactly("/var/backups/freedom/rb-old"));
        assertThat(rejection(restore(Platforms.proven(keeping, "rb-old", NOW), "restore-point-prune", null)))
                .as("the only one that is proven stays")
                .endsWith("`backups.keep` keeps them all");
    }

    @Test
    void givesUpNoDataBecauseOfAnAlertThatCallsThemNotCorrupt() {
        var plan = plan(decide(incident(IncidentClass.DEPLOYMENT_FAILURE, "a", Map.of("service", "kb-service"))));
        assertThat(plan.getServices()).containsExactly("kb-service");
        assertThat(plan.getRestorePoint()).isNull();
    }

    @Test
    void forgetsAWaitingIncidentThatIsResolved() {
        var waiting = incident(IncidentClass.SERVICE_DEGRADATION, "w", Map.of());
        var state = Platforms.queued(REGISTERED, waiting);
        var resolved =
                Incident.newBuilder(waiting).setStatus(IncidentStatus.RESOLVED).build();

        assertThat(new Admission(state, null, _ -> Optional.empty(), NOW).decide(resolved))
                .isInstanceOf(Decision.Withdraw.class);
        assertThat(Platforms.withdrawn(state, resolved).getQueue()).isEmpty();
    }

    @Test
    void letsOperatorsChooseTheDataThatGoBack() {
        assertThat(rejection(start("service-rollback", null, "kb-service")))
                .contains("name a restore point", "rb-new of", "rb-old of", "--restore-point none");
        assertThat(plan(start("service-rollback", "none", "kb-service")).getRestorePoint())
                .isNull();
        assertThat(plan(start("service-rollback", "rb-new", "kb-service")).getRestorePoint())
                .isEqualTo("/var/backups/freedom/rb-new");
        assertThat(rejection(start("database-restore", "none"))).contains("name a restore point");
        assertThat(rejection(start("configuration-rollback", "latest"))).contains("leave --restore-point out");
    }

    @Test
    void letsOperatorsResetThePlatformWithOrWithoutARestorePoint() {
        assertThat(plan(start("full-reset", null)).getRestorePoint()).isNull();
        assertThat(plan(start("full-reset", "rb-new")).getRestorePoint()).isEqualTo("/var/backups/freedom/rb-new");
        assertThat(rejection(start("full-reset", null, "api"))).contains("concerns the whole platform");
    }

    private static Rollback running(Decision decision) {
        var command = ((Decision.Start) decision).command();
        return RollbackDecider.evolve(null, RollbackDecider.decide(command, null, NOW), NOW);
    }

    @Test
    void joinsOnlyWhatTheRunningRollbackCoversToIt() {
        var restart = running(decide(incident(IncidentClass.SERVICE_DEGRADATION, "a", Map.of("service", "api"))));
        var admission = new Admission(REGISTERED, restart, _ -> Optional.empty(), NOW);

        assertThat(admission.decide(incident(IncidentClass.SERVICE_DEGRADATION, "b", Map.of("service", "api"))))
                .isInstanceOf(Decision.Merge.class);
        assertThat(admission.decide(incident(IncidentClass.SERVICE_DEGRADATION, "c", Map.of("service", "kb-service"))))
                .as("another service")
                .isInstanceOf(Decision.Queue.class);
        assertThat(admission.decide(incident(IncidentClass.DATA_CORRUPTION, "d", Map.of())))
                .as("another scenario")
                .isInstanceOf(Decision.Queue.class);
    }

    @Test
    void joinsAnIncidentThatNamesNoServiceToNoRollbackOfOneService() {
        var state = PlatformState.newBuilder(REGISTERED)
                .setDescriptor(REGISTERED
                        .getDescriptor()
                        .replace("DEPLOYMENT_FAILURE: service-rollback", "DEPLOYMENT_FAILURE: selective-rollback"))
                .build();
        var named = incident(IncidentClass.DEPLOYMENT_FAILURE, "a", Map.of("service", "kb-service"));
        var one = running(new Admission(state, null, _ -> Optional.empty(), NOW).decide(named));
        assertThat(one.plan().getScenario()).isEqualTo("service-rollback");

        assertThat(new Admission(state, one, _ -> Optional.empty(), NOW)
                        .decide(incident(IncidentClass.DEPLOYMENT_FAILURE, "b", Map.of())))
                .isInstanceOf(Decision.Queue.class);
    }

    @Test
    void joinsACorruptionOnlyToARestoreFromBeforeItBegan() {
        var restore = running(decide(incident(IncidentClass.DATA_CORRUPTION, "a", Map.of())));
        var patient = PlatformState.newBuilder(REGISTERED)
                .setDescriptor(REGISTERED.getDescriptor() + "automatic: {maxAge: 3h}\n")
                .build();
        var admission = new Admission(patient, restore, _ -> Optional.empty(), NOW);
        var earlier = Incident.newBuilder(incident(IncidentClass.DATA_CORRUPTION, "c", Map.of()))
                .setBeganAt(NOW.minusSeconds(9000))
                .build();

        assertThat(admission.decide(incident(IncidentClass.DATA_CORRUPTION, "b", Map.of())))
                .isInstanceOf(Decision.Merge.class);
        assertThat(admission.decide(earlier))
                .as("the restore point is of after it began")
                .isInstanceOf(Decision.Queue.class);
        var full = running(restore(REGISTERED, "full-restore", "rb-old"));
        assertThat(new Admission(patient, full, _ -> Optional.empty(), NOW)
                        .decide(incident(IncidentClass.DATA_CORRUPTION, "b", Map.of())))
                .as("the database goes back with it")
                .isInstanceOf(Decision.Merge.class);
    }
}
