package io.freedom.rollback.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.ExecResult;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FailureTest {
    private static final Path BACKUPS = Path.of("/backups/rb-1");

    @Test
    void saysThatTheDiskIsFull() {
        var thrown = Disk.failure(BACKUPS, new IOException("No space left on device"));

        assertThat(thrown.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(thrown).hasMessageContaining("/backups/rb-1 is full: free space");
    }

    @Test
    void tellsAFullDiskFromAnEngineThatDoesNotAnswer() {
        var fromEngine = new StepFailure(
                FailureKind.OUTAGE, "Docker does not answer", new IOException("No space left on device"));

        assertThatThrownBy(() -> Disk.work(BACKUPS, () -> {
                    throw fromEngine;
                }))
                .hasMessageContaining("is full");
    }

    @Test
    void saysWhichFileItMayNotRead() {
        var thrown = Disk.failure(BACKUPS, new AccessDeniedException("/srv/platform/.env"));

        assertThat(thrown.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(thrown).hasMessageContaining("no access to /srv/platform/.env");
    }

    @Test
    void saysWhatToolsInTheContainerRanInto() {
        assertThat(said(1, "pg_dump: error: could not write: No space left on device"))
                .isEqualTo(FailureKind.PRECONDITION);
        assertThat(said(1, "pg_dump: error: connection to server on socket failed"))
                .isEqualTo(FailureKind.UNAVAILABLE);
        assertThat(said(126, "exec failed: pg_dump: executable file not found")).isEqualTo(FailureKind.PRECONDITION);
        assertThat(said(137, "")).as("the container was killed").isEqualTo(FailureKind.UNAVAILABLE);
        assertThat(said(1, "pg_restore: error: could not execute query: server closed the connection unexpectedly"))
                .isEqualTo(FailureKind.UNAVAILABLE);
        assertThat(said(1, "pg_dump: error: something else")).isEqualTo(FailureKind.TOOL);
    }

    @Test
    void writesSizesForHumans() {
        assertThat(Disk.size(1023)).isEqualTo("1023 B");
        assertThat(Disk.size(3_435_973_837L)).isEqualTo("3.2 GiB");
    }

    private static FailureKind said(long exitCode, String stderr) {
        return PostgresTools.failure("pg_dump", new ExecResult(exitCode, "", stderr, false))
                .kind();
    }
}
