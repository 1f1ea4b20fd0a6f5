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
    }

    @Test
    void keepsAMalformedEventWithTheReason() {
        plane.post("{\"version\": \"4\", \"alerts\": [{\"status\": \"firing\", \"labels\": {}}]}");
        plane.post("this is not JSON");
        letterSays("\"startsAt\" is missing or empty", "neither Avro in Confluent wire format nor JSON");
    }
}
