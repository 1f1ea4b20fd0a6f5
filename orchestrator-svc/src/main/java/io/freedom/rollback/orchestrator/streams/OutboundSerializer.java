package io.freedom.rollback.orchestrator.streams;

import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** One sink serves every output topic: the record's own schema says how it is written. */
record OutboundSerializer(Serializer<SpecificRecord> avro) implements Serializer<Outbound> {
    @Override
    public byte @Nullable [] serialize(String topic, Outbound outbound) {
        var value = outbound.value();
        return value == null ? null : new BoundedSerializer<>(avro).serialize(topic, value);
    }
}
