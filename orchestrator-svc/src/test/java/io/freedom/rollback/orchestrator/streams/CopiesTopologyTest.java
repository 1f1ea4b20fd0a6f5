package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.aftercare.StoreCopies;
import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.schemas.action.RestorePointsCopied;
import io.freedom.rollback.schemas.history.RestorePointsStored;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class CopiesTopologyTest extends WholeTopology {
    @Test
    void asksAWorkerOutsideAnyRollbackAndNotesWhatIsStored() {
        operator(
                new RegisterPlatform(
                        Descriptors.FREEDOM.replace(
                                "reserve: 512MiB}",
                                "reserve: 512MiB, store: {s3: {bucket: backups, accessKey: \"${env:KEY}\", secretKey: \"${env:SECRET}\"}}}")));
        driver.advanceWallClockTime(Duration.ofSeconds(7));
        collect();

        var look = commands.removeFirst();
        assertThat(look.getStepId()).isEqualTo(StoreCopies.STEP);
        var copied = RestorePointsCopied.newBuilder().setStored(List.of("rb-0")).build();
        worker(look, new StepDone(new StepResult(copied), "", false));

        assertThat(facts()).last().isEqualTo(new RestorePointsStored(List.of("rb-0"), List.of(), null));
    }
}
