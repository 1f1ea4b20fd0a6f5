package io.freedom.rollback.ctl.topics;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.topics.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Waits for what the orchestrator decides about a record. To be opened before the record is published, so that even the
 * quickest answer is seen.
 */
public final class Answers implements AutoCloseable {
    private final TopicReader reader;

    private Answers(TopicReader reader) {
        this.reader = reader;
    }

    /**
     * Begins to listen.
     *
     * @param asked topic that the record will be published to; its dead letters are an answer too
     */
    public static Answers to(Topic asked, ControlPlane plane) {
        var reader = plane.read(List.of(plane.topics().history(), plane.topics().deadLetters(asked)));
        reader.seekToEnd();
        return new Answers(reader);
    }

    /**
     * The first event that is an answer; empty when none came in time.
     *
     * @throws Failure when the record became a dead letter
     */
    public Optional<HistoryEvent> await(Predicate<HistoryEvent> isAnswer, Published question, Duration timeout) {
        var end = Instant.now().plus(timeout);
        while (Instant.now().isBefore(end)) {
            for (var received : reader.poll(Duration.ofMillis(200))) {
                if (received.value() instanceof HistoryEvent event && isAnswer.test(event)) {
                    return Optional.of(event);
                }
                if (received.value() instanceof DeadLetter letter && isAbout(letter, question)) {
                    throw Failure.rejected("The orchestrator could not apply it: " + letter.getReason());
                }
            }
        }
        return Optional.empty();
    }

    private static boolean isAbout(DeadLetter letter, Published question) {
        return letter.getTopic().equals(question.topic())
                && letter.getPartition() == question.partition()
                && letter.getOffset() == question.offset();
    }

    @Override
    public void close() {
        reader.close();
    }
}
