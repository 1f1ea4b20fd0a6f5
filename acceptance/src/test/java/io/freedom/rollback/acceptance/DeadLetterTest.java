package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class DeadLetterTest {
    private final ControlPlane plane = ControlPlane.shared();

    private void letterSays(String... texts) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(plane.rollbackctl("dead-letters", "list")
                                .succeeded()
                                .output())
                        .contains(texts));
    }

    @Test
    void keepsTheIncidentOfAnUnknownPlatformWithTheReason() {
        plane.alert("acc-nowhere", "deployment-failure", "f", Instant.now().toString());
        letterSays("platform acc-nowhere is not registered", "rollbackctl platform register");

        var listed = plane.rollbackctl("dead-letters", "list").succeeded().output();
        var id = listed.lines()
                .filter(line -> line.contains("platform acc-nowhere is not registered"))
                .findFirst()
                .map(line -> line.split(" +")[2])
                .orElseThrow();
        assertThat(plane.rollbackctl("dead-letters", "show", id).succeeded().output())
                .contains(id, "not registered", "acc-nowhere");
        var again = plane.rollbackctl("dead-letters", "replay", id, "--reason", "as if it were registered");
        assertThat(again.exitCode()).isEqualTo(4);
        assertThat(again.output()).contains("could not apply it: platform acc-nowhere is not registered");
    }

    @Test
    void keepsAMalformedEventWithTheReason() {
        plane.post("{\"version\": \"4\", \"alerts\": [{\"status\": \"firing\", \"labels\": {}}]}");
        plane.post("this is not JSON");
        letterSays("\"startsAt\" is missing or empty", "neither Avro in Confluent wire format nor JSON");
    }
}
