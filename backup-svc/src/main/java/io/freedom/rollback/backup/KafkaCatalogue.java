package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.serde.UnreadableRecordException;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The catalogue's topic, read anew each time: from its beginning to what is its end then. */
final class KafkaCatalogue implements RestorePointCatalogue {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaCatalogue.class);
    private static final Duration POLL = Duration.ofMillis(500);

    private final String topic;
    private final Map<String, Object> kafka;
    private final Map<String, ?> registry;

    /**
     * @param kafka how clients reach it
     * @param registry settings of the serdes
     */
    KafkaCatalogue(String topic, Map<String, Object> kafka, Map<String, ?> registry) {
        this.topic = topic;
        this.kafka = Map.copyOf(kafka);
        this.registry = Map.copyOf(registry);
    }

    @Override
    public Map<String, CataloguedRestorePoint> of(String platform, StepContext step)
            throws StepFailure, InterruptedException {
        var settings = new HashMap<>(kafka);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
                var avro = deserializer()) {
            // None where it is not there yet: an older orchestrator has not made it.
            var partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var known = new HashMap<String, CataloguedRestorePoint>();
            for (var end : consumer.endOffsets(partitions).entrySet()) {
                while (consumer.position(end.getKey()) < end.getValue()) {
                    step.checkpoint();
                    for (var record : consumer.poll(POLL)) {
                        note(record, platform, avro, known);
                    }
                    step.progress(known.size(), 0, "restore points", "read from " + topic);
                }
            }
            return Papers.joined(known);
        } catch (InterruptException e) {
            throw new InterruptedException(e.getMessage());
        } catch (KafkaException e) {
            throw new StepFailure(
                    FailureKind.UNAVAILABLE, "the catalogue %s cannot be read: %s".formatted(topic, e.getMessage()), e);
        }
    }

    private SpecificAvroDeserializer<CataloguedRestorePoint> deserializer() {
        var settings = new HashMap<String, Object>(registry);
        settings.put("specific.avro.value.type", CataloguedRestorePoint.class);
        var avro = new SpecificAvroDeserializer<CataloguedRestorePoint>();
        avro.configure(settings, false);
        return avro;
    }

    private static boolean isOnDisk(CataloguedRestorePoint papers) {
        try {
            var point = RestorePoint.at(papers.getRestorePoint().getDirectory());
            return Files.isRegularFile(point.manifest())
                    && Sha256.of(point.manifest(), _ -> {}).equals(papers.getManifestSha256());
        } catch (IOException | StepFailure e) {
            return false;
        }
    }

    private void note(
            ConsumerRecord<String, byte[]> record,
            String platform,
            SpecificAvroDeserializer<CataloguedRestorePoint> avro,
            Map<String, CataloguedRestorePoint> known) {
        var prefix = platform + "/";
        if (!record.key().startsWith(prefix)) {
            return;
        }
        var id = record.key().substring(prefix.length());
        if (record.value() == null) {
            known.remove(id);
            return;
        }
        try {
            var papers = Objects.requireNonNull(avro.deserialize(topic, record.value()));
            // Of many restore points they are more than the heap: kept only where the disk has need of them.
            if (papers.getPiece() == 0 || !isOnDisk(papers)) {
                known.put(id, papers);
            }
        } catch (UnreadableRecordException e) {
            LOG.warn("{} is left out: {}", record.key(), e.getMessage());
            known.remove(id);
        }
    }
}
