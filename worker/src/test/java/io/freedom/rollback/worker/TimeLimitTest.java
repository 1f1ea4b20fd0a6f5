package io.freedom.rollback.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCommand;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class TimeLimitTest {
    private static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");

    private final ExecuteStep execute =
            new ExecuteStep(new StepAction(new RemoveWorktree("/srv", "/tmp/w")), List.of(), NOW.plusSeconds(60));
    private final Attempt attempt = new Attempt(
            StepCommand.newBuilder()
                    .setPlatform("freedom")
                    .setSite("default")
                    .setRollbackId("rb-1")
                    .setStepId("s")
                    .setAttempt(1)
                    .setAt(NOW)
                    .setCommand(execute)
                    .build(),
            execute,
            new Secrets(Map.of()),
            InstantSource.fixed(NOW),
            new StepEvents("w:1", InstantSource.fixed(NOW), _ -> CompletableFuture.completedFuture(null)),
            TestLeases.held());

    private static Duration left(TimeLimit limit) {
        return Duration.ofNanos(limit.left());
    }

    @Test
    void growsWithTheTimeThatItsStepIsGiven() {
        attempt.begin();
        try {
            var limit = TimeLimit.of(Duration.ofSeconds(10));
            assertThat(left(limit)).isLessThanOrEqualTo(Duration.ofSeconds(10));
            attempt.extend(NOW.plusSeconds(660));
            assertThat(left(limit)).isBetween(Duration.ofSeconds(500), Duration.ofSeconds(610));
            assertThat(left(TimeLimit.of(Duration.ofSeconds(10))))
                    .as("what begins afterwards knows the new deadline")
                    .isLessThanOrEqualTo(Duration.ofSeconds(10));
        } finally {
            attempt.end();
        }
    }

    @Test
    void isAPlainLimitOutsideOfAStep() {
        var limit = TimeLimit.of(Duration.ofSeconds(10));
        attempt.extend(NOW.plusSeconds(660));
        assertThat(left(limit)).isLessThanOrEqualTo(Duration.ofSeconds(10));
    }
}
