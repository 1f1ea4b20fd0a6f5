package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.intake.IncidentReader;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.serde.SpecificAvroSerde;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.ReportedIncident;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/**
 * Incidents are read, keyed by platform and repartitioned; then everything about a platform meets in one task: its
 * incidents, its operators' commands and its workers' events.
 */
public final class SagaTopology {
    private final TopicCatalogue topics;
    private final Map<String, ?> registry;
    private final Mishaps mishaps;
    private final RecoveryPoints recoveryPoints;
    private final SiteLimits limits;
    private final BooleanSupplier brokersAnswer;

    /**
     * @param registry settings of the serdes, {@code schema.registry.url} above all
     * @param mishaps of this process
     * @param recoveryPoints metrics of this process
     */
    public SagaTopology(
            TopicCatalogue topics,
            Map<String, ?> registry,
            Mishaps mishaps,
            RecoveryPoints recoveryPoints,
            SiteLimits limits,
            BooleanSupplier brokersAnswer) {
        this.limits = limits;
        this.brokersAnswer = brokersAnswer;
        this.recoveryPoints = recoveryPoints;
        this.topics = topics;
        this.registry = registry;
        this.mishaps = mishaps;
    }

    public void addTo(StreamsBuilder builder) {
        builder.addStateStore(Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(SagaStore.PLATFORMS),
                Serdes.String(),
                BoundedSerializer.in(serde(PlatformState.class))));
        builder.addStateStore(Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(SagaStore.EVENTS),
                Serdes.String(),
                BoundedSerializer.in(serde(HistoryEvent.class))));

        var raw = Consumed.with(Serdes.String(), Serdes.ByteArray());
        KStream<String, Inbound> inbound = incidents(builder)
                .merge(builder.stream(topics.operatorCommands().name(), raw).mapValues(SagaTopology::fromOperator))
                .merge(builder.stream(topics.stepEvents().name(), raw).mapValues(SagaTopology::fromWorker));

        var operatorCommands = serde(OperatorCommand.class).deserializer();
        var stepEvents = serde(StepEvent.class).deserializer();
        inbound.process(
                        () -> new SagaProcessor(
                                topics, operatorCommands, stepEvents, mishaps, recoveryPoints, limits, brokersAnswer),
                        SagaStore.PLATFORMS,
                        SagaStore.EVENTS)
                .to(
                        (_, outbound, _) -> outbound.topic(),
                        Produced.with(
                                Serdes.String(),
                                Serdes.serdeFrom(
                                        new OutboundSerializer(
                                                serde(SpecificRecord.class).serializer()),
                                        (_, _) -> {
                                            throw new UnsupportedOperationException(
                                                    "outbound records are only written");
                                        })));
    }

    private KStream<String, Inbound> incidents(StreamsBuilder builder) {
        var reader = new IncidentReader(
                topics.incidents().name(), serde(Incident.class).deserializer());
        var read = builder.stream(topics.incidents().name(), Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
                .process(() -> new IntakeProcessor(reader, mishaps));
        read.filter((_, value) -> value instanceof DeadLetter)
                .to(
                        topics.deadLetters(topics.incidents()).name(),
                        Produced.with(Serdes.String(), serde(SpecificRecord.class)));
        return read.filter((_, value) -> value instanceof ReportedIncident)
                .mapValues(ReportedIncident.class::cast)
                .repartition(Repartitioned.<String, ReportedIncident>as("incidents")
                        .withKeySerde(Serdes.String())
                        .withValueSerde(serde(ReportedIncident.class))
                        .withNumberOfPartitions(topics.incidents().partitions()))
                .mapValues(SagaTopology::reported);
    }

    private static Inbound reported(ReportedIncident report) {
        return new Inbound.Reported(report);
    }

    private static Inbound fromOperator(byte @Nullable [] value) {
        return new Inbound.FromOperator(value);
    }

    private static Inbound fromWorker(byte @Nullable [] value) {
        return new Inbound.FromWorker(value);
    }

    /** Any record of another type is unreadable, also if it is one of ours. */
    private <T extends SpecificRecord> Serde<T> serde(Class<T> type) {
        var settings = new HashMap<String, Object>(registry);
        settings.put("specific.avro.value.type", type);
        var serde = new SpecificAvroSerde<T>();
        serde.configure(settings, false);
        return serde;
    }
}
