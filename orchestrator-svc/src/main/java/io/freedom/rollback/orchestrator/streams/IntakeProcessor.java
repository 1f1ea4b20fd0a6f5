package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.intake.IncidentReader;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.serde.Beginning;
import io.freedom.rollback.schemas.state.ReportedIncident;
import io.freedom.rollback.schemas.topics.Headers;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** Reads whatever the alerting system wrote; incidents go on keyed by platform, the rest becomes dead letters. */
final class IntakeProcessor implements Processor<byte[], byte[], String, SpecificRecord> {
    /** Bytes that all incidents of a record keep of it together, should they become dead letters: each has it with it. */
    private static final int TOGETHER = 4 << 20;

    private static final int SHARE = 4 << 10;
    private static final int REASONS = 20;
    private static final int REASON = 4000;

    private final IncidentReader reader;
    private final Mishaps mishaps;
    private ProcessorContext<String, SpecificRecord> context;
    private Commits commits;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    IntakeProcessor(IncidentReader reader, Mishaps mishaps) {
        this.reader = reader;
        this.mishaps = mishaps;
    }

    @Override
    public void init(ProcessorContext<String, SpecificRecord> processorContext) {
        context = processorContext;
        commits = new Commits(context);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        var place = Mishaps.placeOf(context);
        mishaps.at(place)
                .ifPresentOrElse(
                        before -> putAside(record, before.reason()), () -> mishaps.guard(place, () -> take(record)));
        commits.somebodyWaits();
        commits.recordProcessed();
    }

    private void putAside(Record<byte[], byte[]> record, String reason) {
        refuse(record, reason, context.currentSystemTimeMs());
    }

    private void refuse(Record<byte[], byte[]> record, String reason, long at) {
        context.forward(new Record<>("", letter(record, at, reason, Beginning.VALUE), at));
    }

    private void take(Record<byte[], byte[]> record) {
        var at = context.currentSystemTimeMs();
        var reading = reader.read(record.value());
        var incidents = reading.incidents();
        boolean awaited = record.headers().lastHeader(Headers.AWAITED) != null;
        int share = Math.clamp(TOGETHER / Math.max(1, incidents.size()), SHARE, Beginning.VALUE);
        for (var incident : incidents) {
            var report = new ReportedIncident(incident, letter(record, at, "", share), awaited);
            context.forward(new Record<>(incident.getPlatform(), report, at));
        }
        if (!reading.refused().isEmpty()) {
            refuse(record, together(reading.refused()), at);
        }
    }

    /** A record may hold tens of thousands of alerts that are none, and is one letter all the same. */
    private static String together(List<String> refused) {
        var first = refused.stream().limit(REASONS).collect(Collectors.joining("; "));
        var cut = first.length() <= REASON ? first : first.substring(0, REASON) + "…";
        return refused.size() <= REASONS ? cut : cut + "; and " + (refused.size() - REASONS) + " more";
    }

    /** @param most bytes of the value that are kept */
    private DeadLetter letter(Record<byte[], byte[]> record, long at, String reason, int most) {
        var letter = DeadLetter.newBuilder().setAt(Instant.ofEpochMilli(at)).setReason(reason);
        context.recordMetadata()
                .ifPresentOrElse(
                        metadata -> letter.setTopic(metadata.topic())
                                .setPartition(metadata.partition())
                                .setOffset(metadata.offset()),
                        () -> letter.setTopic("").setPartition(-1).setOffset(-1));
        return letter.setKey(Beginning.ofKey(record.key()))
                .setValue(Beginning.of(record.value(), most))
                .setSize(record.value() == null ? 0 : record.value().length)
                .build();
    }
}
