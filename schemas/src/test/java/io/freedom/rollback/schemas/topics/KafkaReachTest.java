package io.freedom.rollback.schemas.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaReachTest {
    @Test
    void saysForHowLongNoBrokerHasAnswered(@TempDir Path directory) throws Exception {
        var broker = new SmallBroker(directory);
        try (var reach = KafkaReach.begin(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            var begun = reach.silence();
            await().until(() -> reach.silence().compareTo(begun.plusMillis(500)) > 0);
            await("a broker answers").until(() -> reach.silence().compareTo(Duration.ofMillis(200)) < 0);
            assertThat(reach.state()).isEqualTo("answers");

            broker.close();
            await().atMost(Duration.ofSeconds(20)).until(() -> !reach.answers());
            assertThat(reach.state()).contains(broker.bootstrapServers(), "for 6 s", "goes on by itself");
        } finally {
            broker.close();
        }
    }
}
