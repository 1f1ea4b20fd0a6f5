package io.freedom.rollback.ctl.topics;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;

/** A place in some topics. Records that cannot be read are reported once on standard error and left out. */
public interface TopicReader extends AutoCloseable {
    void seekToBeginning();

    /** What is written after this call returns will be read. */
    void seekToEnd();

    void seekTo(Instant time);

    /** What came meanwhile; waits at most so long for the first record. */
    List<Received> poll(Duration wait);

    /** Everything from here to what is the end now, one after the other: each partition's records in their order. */
    void readToEnd(Consumer<Received> taker);

    /** Everything from here to what is the end now. */
    default List<Received> readToEnd() {
        var received = new ArrayList<Received>();
        readToEnd(received::add);
        return received;
    }

    /** Where the partitions begin that are read: at 0, unless Kafka has removed records. */
    Map<TopicPartition, Long> beginnings();

    /** How long no broker has answered; zero while one does. To be asked again and again. */
    Duration silence();

    @Override
    void close();
}
