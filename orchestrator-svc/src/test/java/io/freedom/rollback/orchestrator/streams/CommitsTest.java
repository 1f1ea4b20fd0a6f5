package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CommitsTest {
    private static final TopicPartition EVENTS = new TopicPartition("step-events", 0);
    private static final TopicPartition COMMANDS = new TopicPartition("commands", 0);

    private final PolledRecords polling = new PolledRecords();
    private final MockProcessorContext<Void, Void> task = task();
    private final MockProcessorContext<Void, Void> other = task();
    private final Commits commits = new Commits(task);
    private final Commits others = new Commits(other);

    private static MockProcessorContext<Void, Void> task() {
        var task = new MockProcessorContext<Void, Void>(new Properties());
        task.setCurrentSystemTimeMs(1000);
        return task;
    }

    @AfterEach
    void forgetWhatThisThreadHasPolled() {
        polling.close();
    }

    @Test
    void commitsTheLastOfWhatWasPolledOnly() {
        polled(Map.of(EVENTS, 3));

        assertThat(List.of(commitsAfter(EVENTS, 0), commitsAfter(EVENTS, 1), commitsAfter(EVENTS, 2)))
                .containsExactly(false, false, true);
    }

    @Test
    void waitsForTheOtherPartitionsOfTheThread() {
        polled(Map.of(EVENTS, 1, COMMANDS, 1));
        commits.somebodyWaits();
        processed(task, commits, EVENTS, 0);

        processed(other, others, COMMANDS, 0);

        assertThat(task.committed()).isFalse();
        assertThat(other.committed())
                .as("a commit of one task is one of all of the thread")
                .isTrue();
    }

    @Test
    void commitsNothingThatNobodyWaitsFor() {
        polled(Map.of(EVENTS, 1));

        processed(task, commits, EVENTS, 0);

        assertThat(task.committed()).isFalse();
    }

    @Test
    void keepsNobodyWaitingForAllOfMany() {
        polled(Map.of(EVENTS, 1000));
        commits.somebodyWaits();
        processed(task, commits, EVENTS, 0);
        task.setCurrentSystemTimeMs(1049);
        processed(task, commits, EVENTS, 1);
        assertThat(task.committed()).isFalse();

        task.setCurrentSystemTimeMs(1050);
        processed(task, commits, EVENTS, 2);

        assertThat(task.committed()).isTrue();
    }

    @Test
    void waitsForNothingAfterAClockWasSetBack() {
        polled(Map.of(EVENTS, 1000));
        commits.somebodyWaits();
        processed(task, commits, EVENTS, 0);
        task.setCurrentSystemTimeMs(500);

        processed(task, commits, EVENTS, 1);

        assertThat(task.committed()).isTrue();
    }

    @Test
    void commitsEachThatItKnowsNoPollOf() {
        assertThat(List.of(commitsAfter(EVENTS, 7), commitsAfter(EVENTS, 8))).containsExactly(true, true);
    }

    @Test
    void forgetsWhatWasPolledBeforeARebalance() {
        polled(Map.of(EVENTS, 5));
        polled(Map.of(COMMANDS, 1));

        assertThat(commitsAfter(COMMANDS, 0)).isTrue();
    }

    private boolean commitsAfter(TopicPartition partition, long offset) {
        task.resetCommit();
        commits.somebodyWaits();
        processed(task, commits, partition, offset);
        return task.committed();
    }

    private static void processed(
            MockProcessorContext<Void, Void> task, Commits commits, TopicPartition partition, long offset) {
        task.setRecordMetadata(partition.topic(), partition.partition(), offset);
        commits.recordProcessed();
    }

    private void polled(Map<TopicPartition, Integer> counts) {
        var records = new HashMap<TopicPartition, List<ConsumerRecord<byte[], byte[]>>>();
        counts.forEach((partition, count) -> {
            var its = new ArrayList<ConsumerRecord<byte[], byte[]>>();
            for (int offset = 0; offset < count; offset++) {
                its.add(new ConsumerRecord<>(
                        partition.topic(), partition.partition(), offset, new byte[0], new byte[0]));
            }
            records.put(partition, its);
        });
        polling.onConsume(new ConsumerRecords<>(records, Map.of()));
    }
}
