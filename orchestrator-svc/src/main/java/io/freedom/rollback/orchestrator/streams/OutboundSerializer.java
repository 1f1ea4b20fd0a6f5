package io.freedom.rollback.orchestrator.streams;

import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** One sink serves every output topic: the record's own schema says how it is written. */
record OutboundSerializer(Serializer<SpecificRecord> avro) implements Serializer<Outbound> {
    /** What producer and broker take by default is 1 MiB with key, headers and batch. */
    private static final int LARGEST = 1_000_000;

    @Override
    public byte @Nullable [] serialize(String topic, Outbound outbound) {
        var value = outbound.value();
        if (value == null) {
            return null;
        }
        byte[] written = avro.serialize(topic, value);
        if (written != null && written.length > LARGEST) {
            // The producer would say so after the fact, to a thread that can do nothing but fail again.
            throw new IllegalStateException("a " + value.getSchema().getName() + " of " + written.length
                    + " bytes is too large for " + topic + ", which takes " + LARGEST);
        }
        return written;
    }
}
