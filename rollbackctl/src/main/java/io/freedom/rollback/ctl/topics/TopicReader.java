package io.freedom.rollback.ctl.topics;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** A place in some topics. Records that cannot be read are reported once on standard error and left out. */
public interface TopicReader extends AutoCloseable {
    void seekToBeginning();

    /** What is written after this call returns will be read. */
    void seekToEnd();

    void seekTo(Instant time);

    /** What came meanwhile; waits at most so long for the first record. */
    List<Received> poll(Duration wait);

    /** Everything from here to what is the end now. */
    List<Received> readToEnd();

    /** How long no broker has answered; zero while one does. To be asked again and again. */
    Duration silence();

    @Override
    void close();
}
