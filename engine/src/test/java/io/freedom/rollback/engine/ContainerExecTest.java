package io.freedom.rollback.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContainerExecTest {
    @ParameterizedTest
    @CsvSource({
        "126, cannot exec in a deleted state: unknown, true",
        "126, cannot exec in a stopped state: unknown, true",
        "126, OCI runtime exec failed: exec failed: cannot exec a container that has stopped: unknown, true",
        "126, OCI runtime exec failed: exec failed: unable to start container process: error executing setns process: exit status 1: unknown, true",
        "126, 'OCI runtime exec failed: exec failed: unable to start container process: exec: \"pg_dump\": executable file not found', false",
        "1, cannot exec in a deleted state: unknown, false"
    })
    void tellsAContainerThatEndedFromAProgramThatIsMissing(long exitCode, String said, boolean ended) {
        assertThat(ContainerExec.neverBegan(new ExecResult(exitCode, said, "", false)))
                .isEqualTo(ended);
    }
}
