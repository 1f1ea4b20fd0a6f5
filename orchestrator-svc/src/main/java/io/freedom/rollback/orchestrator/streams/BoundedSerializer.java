package io.freedom.rollback.orchestrator.streams;

import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what Kafka would not take, to whoever writes it or puts it into a store: the producer would say so after the fact, to a thread that can do nothing but
 * fail again, for the same record whenever it begins anew.
 */
record BoundedSerializer<T extends SpecificRecord>(Serializer<T> avro) implements Serializer<T> {
    /** What producer and broker take by default is 1 MiB with key, headers and batch. */
    private static final int LARGEST = 1_000_000;

    static <T extends SpecificRecord> Serde<T> in(Serde<T> serde) {
        return Serdes.serdeFrom(new BoundedSerializer<>(serde.serializer()), serde.deserializer());
    }

    @Override
    public byte @Nullable [] serialize(String topic, @Nullable T value) {
        byte[] written = avro.serialize(topic, value);
        if (value != null && written != null && written.length > LARGEST) {
            throw new IllegalStateException("a " + value.getSchema().getName() + " of " + written.length
                    + " bytes is too large for " + topic + ", which takes " + LARGEST);
        }
        return written;
    }
}
