package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.aftercare.ConfigurationChanges;
import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.schemas.action.ConfigurationRecorded;
import io.freedom.rollback.schemas.history.ConfigurationFollowed;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConfigurationTopologyTest extends WholeTopology {
    @Test
    void asksAWorkerOutsideAnyRollbackAndNotesItsAnswer() {
        operator(new RegisterPlatform(
                Descriptors.FREEDOM.replace("reserve: 512MiB}", "reserve: 512MiB, configuration: {every: 30s}}")));
        driver.advanceWallClockTime(Duration.ofSeconds(6));
        collect();
        assertThat(commands).singleElement().extracting(StepCommand::getStepId).isEqualTo(ConfigurationChanges.STEP);

        worker(
                commands.removeFirst(),
                new StepDone(
                        new StepResult(ConfigurationRecorded.newBuilder()
                                .setUntil(Instant.parse("2026-03-01T03:00:05Z"))
                                .setFiles(3)
                                .build()),
                        "3 files, unchanged",
                        false));
        assertThat(facts()).last().isEqualTo(new ConfigurationFollowed(30_000L, List.of()));

        driver.advanceWallClockTime(Duration.ofSeconds(40));
        collect();
        assertThat(commands)
                .singleElement()
                .satisfies(command -> assertThat(command.getAttempt()).isEqualTo(2));
    }
}
