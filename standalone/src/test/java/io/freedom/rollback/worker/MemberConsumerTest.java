package io.freedom.rollback.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.standalone.broker.EmbeddedBroker;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Of a real group, on a real broker. */
@Timeout(60)
class MemberConsumerTest {
    private static final Duration BRIEFLY = Duration.ofMillis(50);
    private static String servers = "";
    private static EmbeddedBroker broker;
    private static Admin admin;

    private final AtomicLong nanos = new AtomicLong();
    private final Lease membership = new Lease(Duration.ofSeconds(5), nanos::get);
    private boolean lost;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        int port = freePort();
        servers = "127.0.0.1:" + port;
        broker = EmbeddedBroker.start(directory, Uuid.randomUuid().toString(), port, freePort());
        admin = Admin.create(Map.of("bootstrap.servers", servers));
    }

    @AfterAll
    static void stop() {
        admin.close();
        broker.close();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private MemberConsumer member(String topic) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, Optional.of(1), Optional.empty())))
                .all()
                .get();
        var consumer = new MemberConsumer(
                Map.of(
                        "bootstrap.servers",
                        servers,
                        "group.id",
                        topic,
                        "enable.auto.commit",
                        false,
                        "auto.offset.reset",
                        "earliest",
                        "session.timeout.ms",
                        6000,
                        "partition.assignment.strategy",
                        "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"),
                membership,
                () -> true);
        consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}

            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}

            @Override
            public void onPartitionsLost(Collection<TopicPartition> partitions) {
                lost = true;
            }
        });
        return consumer;
    }

    private static long committed(String group) throws Exception {
        return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().values().stream()
                .mapToLong(OffsetAndMetadata::offset)
                .findFirst()
                .orElse(-1);
    }

    /** Time passes, so that it has to be renewed to hold. */
    private void renewed(MemberConsumer consumer) {
        nanos.addAndGet(Duration.ofSeconds(10).toNanos());
        await().until(() -> {
            consumer.poll(BRIEFLY);
            return membership.holds();
        });
    }

    @Test
    void belongsAsLongAsTheCoordinatorTakesItsCommitsAndCommitsNothingElse() throws Exception {
        try (var consumer = member("belongs");
                var producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", servers), new ByteArraySerializer(), new ByteArraySerializer())) {
            renewed(consumer);
            assertThat(committed("belongs")).as("nothing is there").isZero();

            for (int i = 0; i < 3; i++) {
                producer.send(new ProducerRecord<>("belongs", new byte[] {1})).get();
            }
            await().until(() -> !consumer.poll(BRIEFLY).isEmpty());
            renewed(consumer);
            assertThat(committed("belongs")).as("read, and nothing is done yet").isZero();

            var place = new TopicPartition("belongs", 0);
            consumer.commitSync(Map.of(place, new OffsetAndMetadata(2)));
            renewed(consumer);
            assertThat(committed("belongs")).as("two are done").isEqualTo(2);
        }
    }

    @Test
    void belongsNoMoreOnceItIsThrownOutUntilItHasLetGo() throws Exception {
        try (var consumer = member("thrown-out")) {
            renewed(consumer);
            admin.removeMembersFromConsumerGroup("thrown-out", new RemoveMembersFromConsumerGroupOptions())
                    .all()
                    .get();
            nanos.addAndGet(Duration.ofSeconds(10).toNanos());
            await().until(() -> {
                boolean before = lost;
                consumer.poll(BRIEFLY);
                assertThat(lost || !membership.holds())
                        .as("it holds nothing that may be another's (lost %s)", before)
                        .isTrue();
                return lost;
            });
            renewed(consumer);
            assertThat(membership.holds()).isTrue();
        }
    }
}
