package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Who is asked before something happens, and what operators do while it happens. */
class ScenarioControlsTest extends ScenarioHarness {
    private static final String GATE = "orchestrator.approve-data-loss";

    ScenarioControlsTest() {
        super("acc-controls");
    }

    // ---- who is asked -----------------------------------------------------------------------------

    private static UnaryOperator<String> dataLoss(String policy) {
        return yaml -> yaml.replaceFirst("dataLoss: \\{.*}", "dataLoss: {" + policy + "}");
    }

    private Shell.Result as(String operator, String... command) {
        var argv = new ArrayList<>(Arrays.asList(command));
        argv.addAll(List.of("--operator", operator, "--reason", "test"));
        return plane.rollbackctl(argv.toArray(String[]::new));
    }

    private List<JsonNode> facts(String id, String type) {
        return plane.factsOf(id, name, type);
    }

    private String begun(String scenario, String... more) {
        start(scenario, more).succeeded();
        return lastRollback();
    }

    @Test
    void givesDataUpOnceTwoOperatorsWantItAndTakesThatBackOnceTwoDo() {
        depart();
        register(dataLoss("operators: 2, within: 10m"));
        var before = platform.state();
        var id = begun("database-restore", "--restore-point", restorePoint);
        await("it asks")
                .atMost(Duration.ofSeconds(30))
                .until(() -> !facts(id, "GateOpened").isEmpty());

        assertThat(plane.rollbackctl("status", id).output())
                .as("who starts it has not approved it with that")
                .contains("0 of 2 approvals");
        as("ada", "approve", id, GATE).succeeded();
        assertThat(as("ADA", "approve", id, GATE).output()).contains("1 more must come from somebody else");
        assertThat(platform.data()).as("one is not enough").isEqualTo(before.data());
        as("bob", "approve", id, GATE).succeeded();
        plane.rollbackctl("watch", id).succeeded();
        assertThat(platform.data()).isEqualTo(good);

        var first = as("ada", "undo", id, "--accept-data-loss").succeeded();
        assertThat(first.output()).contains("Nothing is undone yet: 1 of 2 operators have asked");
        assertThat(as("ada", "undo", id, "--accept-data-loss").output())
                .contains("1 more must come from somebody else");
        assertThat(platform.data()).isEqualTo(good);
        as("bob", "undo", id, "--accept-data-loss", "--watch").succeeded();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void takesSilenceAsThePolicySays() {
        platform.sql("insert into documents (title, body) values ('Late', 'x')");
        register(dataLoss("operators: 1, within: 2s, unanswered: reject"));
        var before = platform.state();

        var rejected = start("database-restore", "--restore-point", restorePoint, "--watch");

        assertThat(rejected.exitCode()).isEqualTo(1);
        assertThat(rejected.output()).contains("0 of 1 approvals came in time: rejected, as the plan says");
        assertThat(outcome()).isEqualTo("REFUSED");
        assertThat(platform.state()).isEqualTo(before);

        register(dataLoss("operators: 1, within: 2s, unanswered: approve"));
        run("database-restore", "--restore-point", restorePoint);
        assertThat(facts(lastRollback(), "GateExpired"))
                .singleElement()
                .satisfies(expired ->
                        assertThat(expired.path("decision").asString()).isEqualTo("APPROVE"));
        assertThat(platform.data()).isEqualTo(good);
    }

    @Test
    void asksBeforeChangesAtTheHoursThatThePolicyNames() {
        var now = LocalTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.MINUTES);
        register(changes("service-restart", now.minusHours(1), now.plusHours(1)));
        var ids = platform.ids();
        var id = begun("service-restart", "--service", "castle-gui");
        await("it asks")
                .atMost(Duration.ofSeconds(30))
                .until(() -> !facts(id, "GateOpened").isEmpty());
        as("bob", "reject", id, "orchestrator.approve-changes").succeeded();
        plane.rollbackctl("watch", id);
        assertThat(outcome()).isEqualTo("REFUSED");
        assertThat(facts(id, "RollbackFinished").getFirst().path("reason").asString())
                .contains("rejected by bob: test");

        register(changes("service-restart", now.plusHours(1), now.plusHours(2)));
        run("service-restart", "--service", "castle-gui");
        register(changes("full-rollback", now.minusHours(1), now.plusHours(1)));
        run("service-restart", "--service", "castle-gui");
        assertThat(platform.ids()).isEqualTo(ids);
    }

    private static UnaryOperator<String> changes(String scenario, LocalTime from, LocalTime until) {
        return yaml -> yaml.replaceFirst(
                "(?m)^approvals:$",
                "approvals:\n  changes: [{scenarios: [%s], from: \"%s\", until: \"%s\", operators: 2}]"
                        .formatted(scenario, from, until));
    }

    // ---- while it runs ----------------------------------------------------------------------------

    @Test
    void beginsNothingWhileItIsPausedAndGoesOnFromThere() {
        breakCode("api", "services/api/server.py");
        var id = begun("service-rollback", "--service", "api");
        plane.rollbackctl("pause", id, "--reason", "to look").succeeded();
        await("what runs has ended")
                .atMost(Duration.ofMinutes(1))
                .until(() -> facts(id, "StepDispatched").size()
                        == facts(id, "StepSucceeded").size());
        assertThat(plane.rollbackctl("status", id).output()).containsIgnoringCase("paused");
        assertThat(facts(id, "RollbackFinished")).isEmpty();

        plane.rollbackctl("resume", id).succeeded();
        plane.rollbackctl("watch", id).succeeded();

        well();
        var types = plane.history(name).stream()
                .filter(event -> event.path("rollbackId").asString().equals(id))
                .map(event -> event.path("event").path("type").asString())
                .toList();
        assertThat(types.subList(types.indexOf("RollbackPaused"), types.indexOf("RollbackResumed")))
                .doesNotContain("StepDispatched");
    }

    @Test
    void letsTheStepThatRunsEndWhereItIsAbortedAfterIt() {
        depart();
        register(NEVER_VALID);
        var before = platform.state();
        var id = begun("service-rollback", "--service", "api");
        awaitAcknowledged(id, "container.await-healthy");

        plane.rollbackctl("abort", id, "--after-step", "--reason", "wrong service")
                .succeeded();
        plane.rollbackctl("watch", id);

        assertThat(outcome()).isEqualTo("COMPENSATED");
        assertThat(facts(id, "StepCancelRequested")).isEmpty();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void leavesThePlatformAsItIsWhereItIsAbortedSo() {
        depart();
        register(NEVER_VALID);
        var id = begun("service-rollback", "--service", "api");
        awaitAcknowledged(id, "health.probes");
        var then = platform.state();

        plane.rollbackctl("abort", id, "--leave-as-is", "--reason", "the probe is wrong")
                .succeeded();
        plane.rollbackctl("watch", id);

        assertThat(outcome()).isEqualTo("ABORTED");
        assertThat(facts(id, "CompensationStarted")).isEmpty();
        assertThat(platform.state()).isEqualTo(then);
        assertThat(platform.git("diff", "--name-only", "graveyard/pre-reset", "--", "services/api"))
                .as("it stays at the tag")
                .isEmpty();
        // Alerts start nothing after that, until something that an operator starts has succeeded.
        register(UnaryOperator.identity());
        run("service-restart", "--service", "castle-gui");
    }

    @Test
    void endsAStepWhoseTimeIsMadeShorterAndGivesAnotherMore() {
        register(NEVER_VALID);
        var before = platform.state();
        var id = begun("service-restart", "--service", "castle-gui");
        awaitAcknowledged(id, "health.probes");

        plane.rollbackctl("timeout", id, "health.probes", "20m", "--reason", "it is slow today")
                .succeeded();
        assertThat(facts(id, "TimeoutChanged").getLast().path("timeout").asLong())
                .isEqualTo(Duration.ofMinutes(20).toMillis());
        assertThat(plane.rollbackctl("timeout", id, "health.probes", "1s", "--reason", "test")
                        .output())
                .contains("health.probes has taken longer already");
        plane.rollbackctl("timeout", id, "health.probes", "30s", "--reason", "no longer")
                .succeeded();
        plane.rollbackctl("watch", id);
        assertThat(outcome()).isEqualTo("COMPENSATED");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void warnsThatItWillBeLateAndBuildsNothingWhereAnOperatorChoosesThat() {
        platform.write("services/mlx/Dockerfile", text -> text + "\nRUN sleep 600\n");
        register(yaml -> yaml.replace("rto: 30m", "rto: 30m\nobjectives: {model-reset: 2s}"));
        var image = platform.containers();
        var id = begun("model-reset");
        await("it is said")
                .atMost(Duration.ofMinutes(1))
                .until(() -> !facts(id, "RtoAtRisk").isEmpty());
        assertThat(facts(id, "RtoAtRisk").getFirst().path("faster").toString())
                .isEqualTo("[\"container.prepare-images\"]");
        assertThat(plane.rollbackctl("faster", id, "container.up", "--reason", "late")
                        .output())
                .contains("there is no faster way for container.up, but for container.prepare-images");

        plane.rollbackctl("faster", id, "container.prepare-images", "--reason", "late")
                .succeeded();
        plane.rollbackctl("watch", id).succeeded();

        assertThat(facts(id, "StepSucceeded"))
                .filteredOn(fact -> fact.path("stepId").asString().equals("container.prepare-images"))
                .extracting(fact -> fact.path("detail").asString())
                .containsExactly("1 images ready, 0 made now, 1 there before");
        assertThat(platform.containers()).as("the same images").isEqualTo(image);
        well();
    }
}
