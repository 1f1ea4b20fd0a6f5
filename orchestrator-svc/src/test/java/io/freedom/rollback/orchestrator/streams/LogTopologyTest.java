package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.aftercare.LogKeeping;
import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.schemas.action.LogsKept;
import io.freedom.rollback.schemas.history.LogsArchived;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** From the descriptor to the worker and back, with the clock that only the processor has. */
class LogTopologyTest extends WholeTopology {
    @Test
    void asksAWorkerEachHourAndNotesItsAnswer() {
        operator(new RegisterPlatform(
                Descriptors.FREEDOM.replace("reserve: 512MiB}", "reserve: 512MiB, logs: {every: 1h}}")));
        driver.advanceWallClockTime(Duration.ofSeconds(6));
        collect();
        assertThat(commands).singleElement().extracting(StepCommand::getStepId).isEqualTo(LogKeeping.STEP);

        worker(
                commands.removeFirst(),
                new StepDone(
                        new StepResult(LogsKept.newBuilder()
                                .setUntil(Instant.parse("2026-03-01T03:00:05Z"))
                                .setContainers(3)
                                .setLines(7)
                                .build()),
                        "7 lines of 3 containers kept",
                        false));
        assertThat(facts()).last().isEqualTo(new LogsArchived(3_600_000L, List.of()));

        driver.advanceWallClockTime(Duration.ofMinutes(59));
        collect();
        assertThat(commands).isEmpty();
        driver.advanceWallClockTime(Duration.ofMinutes(2));
        collect();
        assertThat(commands).singleElement().satisfies(command -> {
            assertThat(command.getStepId()).isEqualTo(LogKeeping.STEP);
            assertThat(command.getAttempt()).isEqualTo(2);
        });
    }
}
