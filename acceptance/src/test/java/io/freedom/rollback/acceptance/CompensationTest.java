package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class CompensationTest {
    private final ControlPlane plane = ControlPlane.shared();

    @Test
    void returnsToTheExactPreviousStateWhenValidationFails() {
        try (var platform = Platform.broken("acc-undo")
                .registered(plane, yaml -> yaml.replace("bodyPattern: FREEDOM Castle", "bodyPattern: never there"))) {
            var before = platform.state();

            var rollback = plane.rollbackctl("start", "acc-undo", "--reason", "test", "--watch");

            assertThat(rollback.exitCode()).as(rollback.output()).isEqualTo(1);
            assertThat(rollback.output()).contains("Castle GUI", "never there");
            assertThat(plane.facts("acc-undo", "RollbackFinished")
                            .getFirst()
                            .path("outcome")
                            .asString())
                    .isEqualTo("COMPENSATED");
            assertThat(platform.state()).isEqualTo(before);
        }
    }

    @Test
    void goesOnUndoingOnceAnOperatorHasMendedWhatStoodInItsWay() throws IOException {
        try (var platform = Platform.broken("acc-stuck").registered(plane)) {
            var before = platform.state();
            int port = platform.port("CASTLE_PORT");
            plane.rollbackctl("start", "acc-stuck", "--reason", "test").succeeded();

            // Somebody takes the service's port while it is down: it can start neither in the new nor in the old
            // version.
            try (var thief = await("the port is free")
                    .atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofMillis(5))
                    .ignoreExceptionsInstanceOf(BindException.class)
                    .until(() -> new ServerSocket(port, 1, InetAddress.getLoopbackAddress()), ServerSocket::isBound)) {
                var failed = plane.rollbackctl("watch", "acc-stuck");
                assertThat(failed.output()).contains("could not undo", "rollbackctl retry rb-", " container.down");
            }
            var id = plane.facts("acc-stuck", "RollbackFinished").size() == 1 ? plane.lastRollback("acc-stuck") : "";
            assertThat(plane.rollbackctl("pause", id).exitCode()).isNotZero();
            plane.rollbackctl("retry", id, "container.down", "--reason", "the port is free again")
                    .succeeded();
            plane.rollbackctl("watch", id);

            assertThat(plane.facts("acc-stuck", "RollbackFinished")
                            .getLast()
                            .path("outcome")
                            .asString())
                    .isEqualTo("COMPENSATED");
            assertThat(platform.state()).isEqualTo(before);
        }
    }
}
