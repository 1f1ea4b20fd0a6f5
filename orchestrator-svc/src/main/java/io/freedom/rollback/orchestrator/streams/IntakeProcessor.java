package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.intake.IncidentReader;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.state.ReportedIncident;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** Reads whatever the alerting system wrote; incidents go on keyed by platform, the rest becomes dead letters. */
final class IntakeProcessor implements Processor<byte[], byte[], String, SpecificRecord> {
    private final IncidentReader reader;
    private final Mishaps mishaps;
    private ProcessorContext<String, SpecificRecord> context;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    IntakeProcessor(IncidentReader reader, Mishaps mishaps) {
        this.reader = reader;
        this.mishaps = mishaps;
    }

    @Override
    public void init(ProcessorContext<String, SpecificRecord> processorContext) {
        context = processorContext;
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        var place = Mishaps.placeOf(context);
        mishaps.at(place)
                .ifPresentOrElse(
                        before -> putAside(record, before.reason()), () -> mishaps.guard(place, () -> take(record)));
        context.commit();
    }

    private void putAside(Record<byte[], byte[]> record, String reason) {
        var at = context.currentSystemTimeMs();
        context.forward(new Record<>("", letter(record, at, reason), at));
    }

    private void take(Record<byte[], byte[]> record) {
        var at = context.currentSystemTimeMs();
        var reading = reader.read(record.value());
        for (var incident : reading.incidents()) {
            var report = new ReportedIncident(incident, letter(record, at, ""));
            context.forward(new Record<>(incident.getPlatform(), report, at));
        }
        for (var reason : reading.refused()) {
            context.forward(new Record<>("", letter(record, at, reason), at));
        }
    }

    private DeadLetter letter(Record<byte[], byte[]> record, long at, String reason) {
        var letter = DeadLetter.newBuilder().setAt(Instant.ofEpochMilli(at)).setReason(reason);
        context.recordMetadata()
                .ifPresentOrElse(
                        metadata -> letter.setTopic(metadata.topic())
                                .setPartition(metadata.partition())
                                .setOffset(metadata.offset()),
                        () -> letter.setTopic("").setPartition(-1).setOffset(-1));
        return letter.setKey(record.key() == null ? null : ByteBuffer.wrap(record.key()))
                .setValue(
                        record.value() == null
                                ? null
                                : ByteBuffer.wrap(
                                        record.value(), 0, Math.min(record.value().length, IncidentReader.LARGEST)))
                .build();
    }
}
