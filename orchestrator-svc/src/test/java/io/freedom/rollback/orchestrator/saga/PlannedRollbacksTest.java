package io.freedom.rollback.orchestrator.saga;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.planning.ChosenServices;
import io.freedom.rollback.orchestrator.planning.Drill;
import io.freedom.rollback.orchestrator.planning.FilePart;
import io.freedom.rollback.orchestrator.planning.PlanRequest;
import io.freedom.rollback.orchestrator.planning.Planner;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.PlatformDescriptors;
import io.freedom.rollback.platform.ServiceSpec;
import io.freedom.rollback.schemas.action.AdoptImages;
import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.CheckOutPaths;
import io.freedom.rollback.schemas.action.CheckOutTarget;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.RemoveVolumes;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.SetFilesAside;
import io.freedom.rollback.schemas.action.StopServices;
import io.freedom.rollback.schemas.action.StopWriters;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Whatever descriptor there is and whatever is asked for, the plan is sound, and the saga keeps its promises with it. A failure
 * names its seed.
 */
class PlannedRollbacksTest {
    private static final int SEEDS = 3_000;
    /** Each takes something of the platform away, so each has a way back. */
    private static final Set<Class<?>> CHANGES = Set.of(
            CheckOutTarget.class,
            CheckOutPaths.class,
            ComposeDown.class,
            StopServices.class,
            StopWriters.class,
            ComposeUp.class,
            AdoptImages.class,
            RestoreDatabase.class,
            RemoveVolumes.class,
            SetFilesAside.class);

    @Test
    void keepTheirPromisesWhateverThePlatformIsLike() {
        TrustedSchemas.trust();
        var played = EnumSet.noneOf(Scenario.class);
        var outcomes = EnumSet.noneOf(Outcome.class);
        for (long seed = 0; seed < SEEDS; seed++) {
            var random = new Random(seed);
            var request = Optional.<PlanRequest>empty();
            try {
                request = request(random);
                if (request.isEmpty()) {
                    continue; // admission refuses it
                }
                var plan = plan(request.get(), random);
                isSound(plan);
                if (plan.getDrillOf() == null) { // nobody is asked for a copy
                    isGated(plan, request.get());
                }
                var saga = RollbackInvariantsTest.play(Saga.of(plan).started(), random);
                played.add(request.get().scenario());
                outcomes.add(saga.rollback().outcome());
            } catch (AssertionError | Exception e) {
                var scenario = request.map(asked -> asked.scenario().id()).orElse("no request");
                throw new AssertionError("seed " + seed + ", " + scenario + ": " + e.getMessage(), e);
            }
        }
        assertThat(played)
                .as("each scenario was played")
                .containsAll(EnumSet.complementOf(EnumSet.of(Scenario.PREVIEW)));
        assertThat(outcomes).as("every way to end was taken").containsExactly(Outcome.values());
    }

    // ---- any request --------------------------------------------------------------------------------

    private static Optional<PlanRequest> request(Random random) throws Exception {
        var yaml = descriptor(random);
        var platform = PlatformDescriptors.parse(yaml, "platform.yaml");
        var scenario = any(random, Scenario.values());
        var kind = random.nextBoolean() ? any(random, IncidentClass.values()) : null;
        var point = point(scenario, platform, random);
        boolean impossible = scenario == Scenario.PREVIEW
                || scenario.needsRestorePoint() && point == null
                || scenario == Scenario.RESTORE_POINT_DERIVE && platform.database() == null
                || scenario == Scenario.ACCEPTANCE && platform.database() == null
                || scenario == Scenario.RESTORE_POINT_WAL_CHECK && platform.database() == null
                || scenario == Scenario.CONFIGURATION_ROLLBACK
                        && platform.configuration().isEmpty()
                || scenario == Scenario.DATA_MIGRATION && platform.migration() == null
                || kind == IncidentClass.SECURITY_BREACH && !scenario.answersBreaches();
        if (impossible) {
            return Optional.empty();
        }
        List<String> services;
        Set<FilePart> parts;
        try {
            var some = platform.services().stream()
                    .map(ServiceSpec::name)
                    .filter(_ -> random.nextInt(3) == 0)
                    .toList();
            services = ChosenServices.of(scenario, platform, scenario.isOfServices() ? some : List.of());
            parts = FilePart.of(scenario, platform, List.of());
        } catch (ChosenServices.Unsuitable e) {
            return Optional.empty();
        }
        return Optional.of(new PlanRequest(
                platform,
                PlatformDescriptors.hash(yaml),
                scenario,
                "rb-1",
                scenario.touchesGit() && random.nextBoolean() ? "v2" : null,
                point,
                null,
                kind,
                services,
                Map.of(),
                Instant.parse("2026-03-01T03:00:00Z"),
                random.nextBoolean() ? "rb-0" : null,
                scenario == Scenario.RESTORE_POINT_DERIVE ? "latest" : null,
                scenario == Scenario.ACCEPTANCE ? "rb-0" : null,
                parts,
                List.of()));
    }

    /** Now and then it is only practised, on a copy. */
    private static Plan plan(PlanRequest request, Random random) {
        boolean practised = request.scenario().canBeDrilled() && random.nextInt(5) == 0;
        return practised
                ? Drill.compile(
                        request,
                        request.platform(),
                        new RestorePoint("rb-p", "/var/backups/shop/rb-p", Instant.EPOCH, null, null, null),
                        random.nextBoolean() ? "f".repeat(40) : null)
                : Planner.compile(request);
    }

    private static @Nullable RestorePoint point(Scenario scenario, PlatformDescriptor platform, Random random) {
        boolean possible = (scenario.restoresData() || scenario.needsRestorePoint()) && platform.database() != null;
        return possible && (scenario.needsRestorePoint() || random.nextBoolean())
                ? new RestorePoint("rb-p", "/var/backups/shop/rb-p", Instant.EPOCH, null, null, null)
                : null;
    }

    private static String descriptor(Random random) {
        var yaml = new StringBuilder("""
                apiVersion: rollback.freedom.io/v1
                name: shop
                workTree: /srv/shop
                target: good
                backups: {directory: /var/backups/shop}
                """);
        boolean database = random.nextInt(3) > 0;
        var lines = new ArrayList<String>();
        for (int i = random.nextInt(5); i > 0; i--) {
            var service = "  - {name: s" + i + maybe(random, ", paths: [s" + i + "/, shared/]")
                    + (database ? maybe(random, ", data: true") : "") + maybe(random, ", memory: 1GiB")
                    + maybe(random, ", loaded: ready") + "}";
            lines.add(service);
        }
        yaml.append(lines.isEmpty() ? "" : "services:\n" + String.join("\n", lines) + "\n");
        if (database) {
            yaml.append("database: {service: db, name: kb, user: u, jdbcUrl: \"jdbc:postgresql://127.0.0.1/kb\"}\n");
            yaml.append(maybe(random, "migration: {export: [a], import: [b]}\n"));
        }
        yaml.append("compose: {project: shop")
                .append(maybe(random, ", envFile: .env, requiredEnvKeys: [A|B]"))
                .append("}\n");
        yaml.append(maybe(random, "criticalPaths: [docker-compose.yml, s1/]\n"));
        yaml.append(maybe(random, "configuration: [docker-compose.yml, config/]\n"));
        yaml.append(maybe(random, "models: [models/]\n"));
        yaml.append(maybe(random, "containerData: [{service: s1, path: /data}, {service: s2, path: /more}]\n"));
        yaml.append(maybe(random, """
                probes:
                  http: [{name: a, url: "http://127.0.0.1/"}]
                  endToEnd: {name: b, url: "http://127.0.0.1/", answerPointer: /a}
                """));
        yaml.append("approvals: {dataLoss: {operators: ").append(random.nextInt(3));
        yaml.append("}, reset: {operators: ").append(random.nextInt(3)).append('}');
        yaml.append(maybe(random, ", changes: [{operators: " + random.nextInt(3) + "}]"))
                .append("}\n");
        return yaml.toString();
    }

    private static String maybe(Random random, String text) {
        return random.nextBoolean() ? text : "";
    }

    private static <T> T any(Random random, T[] values) {
        return values[random.nextInt(values.length)];
    }

    // ---- what must hold of a plan -------------------------------------------------------------------

    private static void isSound(Plan plan) {
        var before = new HashMap<String, Set<String>>();
        for (var step : plan.getSteps()) {
            var all = new HashSet<>(step.getDependsOn());
            for (var id : step.getDependsOn()) {
                assertThat(before)
                        .as("what %s depends on comes before it", step.getId())
                        .containsKey(id);
                all.addAll(before.getOrDefault(id, Set.of()));
            }
            assertThat(all).as("inputs of %s", step.getId()).containsAll(step.getInputs());
            assertThat(before.put(step.getId(), all))
                    .as("%s is there once", step.getId())
                    .isNull();
            // The copy of a drill goes as a whole.
            if (CHANGES.contains(step.getAction().getAction().getClass())
                    && !step.getId().contains(Drill.OWN)) {
                assertThat(step.getCompensation())
                        .as("what undoes %s", step.getId())
                        .isNotNull();
                assertThat(step.getOnFailure())
                        .as("%s is not passed over", step.getId())
                        .isNotEqualTo(FailurePolicy.CONTINUE);
            }
        }
        var down = having(plan, Availability.GOES_DOWN);
        var back = having(plan, Availability.COMES_BACK);
        assertThat(down)
                .as("service goes down and comes back")
                .hasSameSizeAs(back)
                .hasSizeLessThanOrEqualTo(1);
        if (!down.isEmpty()) {
            assertThat(before.get(back.getFirst())).contains(down.getFirst());
        }
    }

    private static List<String> having(Plan plan, Availability availability) {
        return plan.getSteps().stream()
                .filter(step -> step.getAvailability() == availability)
                .map(PlanStep::getId)
                .toList();
    }

    /** Nothing of the platform is changed before somebody has approved, where somebody is to. */
    private static void isGated(Plan plan, PlanRequest request) {
        var gates = plan.getSteps().stream()
                .filter(step -> step.getAction().getAction() instanceof AwaitApproval)
                .map(PlanStep::getId)
                .toList();
        boolean resets = request.scenario() == Scenario.FULL_RESET;
        boolean givesDataUp = request.platform().database() != null
                && (request.point() != null && request.scenario().restoresData() || resets);
        boolean losesData = givesDataUp && request.platform().dataLoss().operators() > 0
                || resets && request.platform().reset().operators() > 0;
        if (losesData) {
            assertThat(gates).as("data are not given up unasked").isNotEmpty();
        }
        var passed = new HashMap<String, Set<String>>();
        var before = new HashMap<String, Set<String>>();
        for (var step : plan.getSteps()) {
            var stopped = new HashSet<>(step.getDependsOn());
            step.getDependsOn().forEach(id -> stopped.addAll(before.getOrDefault(id, Set.of())));
            before.put(step.getId(), stopped);
            var behind = new HashSet<String>();
            step.getDependsOn().forEach(id -> behind.addAll(passed.getOrDefault(id, Set.of())));
            if (gates.contains(step.getId())) {
                behind.add(step.getId());
            }
            passed.put(step.getId(), behind);
            // An intruder is stopped first, and nobody is asked for data before: whatever is answered, he is stopped.
            if (request.incident() == IncidentClass.SECURITY_BREACH
                    && step.getId().equals("orchestrator.approve-data-loss")) {
                assertThat(stopped).as("before it asks").contains("container.stop-writers");
            }
            boolean isolates = request.incident() == IncidentClass.SECURITY_BREACH
                    && step.getAction().getAction() instanceof StopWriters;
            if (CHANGES.contains(step.getAction().getAction().getClass()) && !isolates) {
                assertThat(behind).as("gates before %s", step.getId()).containsAll(gates);
            }
        }
    }
}
