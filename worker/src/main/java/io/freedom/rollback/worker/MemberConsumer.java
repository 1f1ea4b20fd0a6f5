package io.freedom.rollback.worker;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the group, as long as it matters, whether it still belongs to it, by committing once more what is committed: the
 * coordinator takes that of members only, and counts their session anew with it. That it reads records says nothing, for these
 * come from any broker, and to anybody.
 */
final class MemberConsumer extends KafkaConsumer<byte[], byte[]> {
    private static final Logger LOG = LoggerFactory.getLogger(MemberConsumer.class);
    private static final Duration PACE = Duration.ofSeconds(1);

    private final Lease membership;
    private final BooleanSupplier matters;
    private final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
    private boolean asking;

    MemberConsumer(Map<String, Object> configuration, Lease membership, BooleanSupplier matters) {
        super(configuration, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        this.membership = membership;
        this.matters = matters;
    }

    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
        renew();
        var records = super.poll(timeout.compareTo(PACE) < 0 ? timeout : PACE);
        records.partitions()
                .forEach(place -> committed.computeIfAbsent(
                        place,
                        _ -> new OffsetAndMetadata(
                                records.records(place).getFirst().offset())));
        return records;
    }

    /** For whoever keeps it from polling, in a rebalance. */
    void renewNow() {
        var place = assignment().stream().filter(committed::containsKey).findFirst();
        if (place.isPresent()) {
            try {
                long asked = membership.ask();
                super.commitSync(Map.of(place.get(), committed.get(place.get())), PACE);
                membership.renew(asked);
            } catch (KafkaException e) {
                LOG.debug("not renewed", e); // then it ends
            }
        }
    }

    /** How far another has come with them is not known here. */
    void forget(Collection<TopicPartition> lost) {
        committed.keySet().removeAll(lost);
    }

    private void renew() {
        committed.keySet().retainAll(assignment());
        if (asking || membership.age() < PACE.toNanos() || !matters.getAsBoolean()) {
            return;
        }
        var place = assignment().stream().filter(this::isKnown).findFirst();
        if (place.isEmpty()) {
            return; // no member, or not yet
        }
        asking = true;
        long asked = membership.ask();
        super.commitAsync(Map.of(place.get(), committed.get(place.get())), (_, failure) -> {
            asking = false;
            if (failure == null) {
                membership.renew(asked);
            }
        });
    }

    /** Nothing of it was read yet where it is not: then it is as far as the group is. */
    private boolean isKnown(TopicPartition place) {
        if (!committed.containsKey(place)) {
            try {
                committed.put(place, new OffsetAndMetadata(position(place, Duration.ZERO)));
            } catch (TimeoutException e) {
                return false; // it is being asked for
            }
        }
        return true;
    }

    @Override
    public void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
        committed.putAll(offsets);
        super.commitAsync(offsets, callback);
    }

    @Override
    public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
        committed.putAll(offsets);
        super.commitSync(offsets);
    }

    @Override
    public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
        committed.putAll(offsets);
        super.commitSync(offsets, timeout);
    }
}
