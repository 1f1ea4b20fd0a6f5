package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each procedure is aborted in the middle. */
class ScenarioAbortsTest extends ScenarioHarness {
    ScenarioAbortsTest() {
        super("acc-aborts");
    }

    /** Each test returns to where it began. */
    @Override
    @AfterEach
    void afterwards() {
        register(UnaryOperator.identity());
    }

    @ParameterizedTest
    @EnumSource
    void returnsToTheExactPreviousStateWhenAborted(Case tried) {
        var before = departed();
        var volume = volume(tried);
        register(NEVER_VALID);
        start(tried.scenario(), tried.options(restorePoint)).succeeded();
        var first = lastRollback();
        var id = new AtomicReference<String>();
        await("it has come to " + tried.abortedIn)
                .atMost(Duration.ofMinutes(2))
                .until(() -> plane.history(name).stream()
                        .filter(event -> event.path("rollbackId").asString().startsWith(first))
                        .filter(event ->
                                event.path("event").path("type").asString().equals("StepAcknowledged"))
                        .filter(event ->
                                event.path("event").path("stepId").asString().equals(tried.abortedIn))
                        .peek(event -> id.set(event.path("rollbackId").asString()))
                        .findFirst()
                        .isPresent());

        plane.rollbackctl("abort", id.get(), "--reason", "wrong platform").succeeded();
        plane.rollbackctl("watch", id.get());

        assertThat(outcome()).isEqualTo("COMPENSATED");
        assertThat(platform.state()).isEqualTo(before);
        assertThat(volume(tried)).isEqualTo(volume);
    }

    @Test
    void returnsToTheExactPreviousStateWhenTheRollbackOfWhatADeploymentTouchedIsAborted() {
        mend();
        platform.write("services/api/server.py", text -> text + "\n# changed\n");
        platform.commit("Change the gateway", "services/api/server.py");
        platform.compose("up", "-d", "--build", "--wait").succeeded();
        register(NEVER_VALID);
        var before = platform.state();
        start("selective-rollback").succeeded();
        await("it goes on")
                .atMost(Duration.ofMinutes(1))
                .until(() -> lastRollback().endsWith("-2"));
        var id = lastRollback();
        awaitAcknowledged(id, "container.await-healthy");

        plane.rollbackctl("abort", id, "--reason", "wrong platform").succeeded();
        plane.rollbackctl("watch", id);

        assertThat(plane.facts(name, "RollbackStarted")
                        .getLast()
                        .path("plan")
                        .path("services")
                        .toString())
                .isEqualTo("[\"api\"]");
        assertThat(outcome()).isEqualTo("COMPENSATED");
        assertThat(platform.state()).isEqualTo(before);
    }
}
