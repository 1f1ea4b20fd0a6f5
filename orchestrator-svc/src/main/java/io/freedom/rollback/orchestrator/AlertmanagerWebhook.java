package io.freedom.rollback.orchestrator;

import io.freedom.rollback.orchestrator.intake.IncidentReader;
import io.freedom.rollback.orchestrator.intake.PlatformReports;
import io.freedom.rollback.orchestrator.intake.PlatformReports.PlatformReport;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.kafka.KafkaException;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * For alerting systems that speak HTTP and not Kafka: the body becomes incident records, one for each platform. Answers 202 only
 * when Kafka has all of them, so that the alerting system tries again otherwise.
 */
@RestController
final class AlertmanagerWebhook {
    private final KafkaTemplate<byte[], byte[]> kafka;
    private final String topic;

    AlertmanagerWebhook(KafkaTemplate<byte[], byte[]> kafka, String topic) {
        this.kafka = kafka;
        this.topic = topic;
    }

    @PostMapping("/webhooks/incidents")
    ResponseEntity<String> report(InputStream content) throws IOException, InterruptedException {
        // Never more than that in memory, whatever comes.
        byte[] body = content.readNBytes(IncidentReader.LARGEST + 1);
        if (body.length > IncidentReader.LARGEST) {
            return ResponseEntity.status(HttpStatus.CONTENT_TOO_LARGE)
                    .body("more than " + IncidentReader.LARGEST + " bytes: report fewer alerts at once\n");
        }
        try {
            var sent = PlatformReports.of(body).stream().map(this::send).toList();
            CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
            return ResponseEntity.accepted().body("accepted\n");
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE).body("Kafka does not take it: send again\n");
        }
    }

    private CompletableFuture<?> send(PlatformReport report) {
        var platform = report.platform();
        byte[] key = platform == null ? null : platform.getBytes(StandardCharsets.UTF_8);
        return kafka.send(new ProducerRecord<>(topic, key, report.value()));
    }
}
