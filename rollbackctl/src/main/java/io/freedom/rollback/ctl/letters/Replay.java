package io.freedom.rollback.ctl.letters;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.Answers;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.topics.Published;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.serde.Beginning;
import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the record of a dead letter once more, where it had been read, byte for byte. Its headers say of which letter it is, and who wanted it and why.
 *
 * @param operator who asks for it
 * @param timeout for the answer
 */
public record Replay(ControlPlane plane, String operator, String reason, Duration timeout) {
    private static final String LETTER = "rollback.replay.letter";
    private static final String BY = "rollback.replay.by";
    private static final String REASON = "rollback.replay.reason";
    /** For what has no id that an answer could name. */
    private static final Duration REFUSAL = Duration.ofSeconds(5);

    /**
     * What became of a record.
     *
     * @param answer first event that names it as its cause; null where none could
     */
    public record Replayed(Published where, @Nullable HistoryEvent answer) {}

    /**
     * Returns when the orchestrator has answered, or has not refused what it does not answer.
     *
     * @throws Failure when it may not be replayed, was refused again, or was not answered in time
     */
    public Replayed of(LetterId id) {
        var topic = topic(id);
        var letter = DeadLetters.about(id, plane).getLast();
        var value = Content.bytes(letter.getValue());
        if (value == null) {
            throw Failure.rejected(id + " has no value: there is nothing to replay");
        }
        boolean isCut = letter.getSize() < 0 ? value.length >= Beginning.VALUE : value.length < letter.getSize();
        if (isCut) {
            throw Failure.rejected(
                    id + " was too large to be kept: only its beginning is here, and is not replayed. Have it"
                            + " reported again");
        }
        var headers = Map.of(LETTER, id.toString(), BY, operator, REASON, reason);
        var cause = plane.decoded(id.topic(), value).flatMap(record -> switch (record) {
            case Incident incident -> Optional.of(incident.getIncidentId());
            case OperatorCommand command -> Optional.of(command.getCommandId());
            default -> Optional.empty();
        });
        try (var answers = Answers.to(topic, plane)) {
            var published = plane.publish(topic, Content.bytes(letter.getKey()), value, headers);
            if (cause.isEmpty()) {
                var none = answers.await(_ -> false, published, shorter());
                return new Replayed(published, none.orElse(null));
            }
            var answer = answers.await(event -> cause.get().equals(event.getCause()), published, timeout)
                    .orElseThrow(
                            () -> Failure.unreachable("Replayed as " + written(published) + ", but not answered within "
                                    + timeout.toSeconds()
                                    + " s: is the orchestrator running? It WILL be read once it runs: do not"
                                    + " replay it again. See: rollbackctl history --since 10m"));
            if (answer.getEvent() instanceof CommandRejected rejected) {
                throw Failure.rejected("Replayed as " + written(published) + ", and rejected: " + rejected.getReason());
            }
            return new Replayed(published, answer);
        }
    }

    private Duration shorter() {
        return timeout.compareTo(REFUSAL) < 0 ? timeout : REFUSAL;
    }

    private Topic topic(LetterId id) {
        var topics = plane.topics();
        if (TopicCatalogue.workers().stream()
                .anyMatch(worker -> topics.commands(worker).name().equals(id.topic()))) {
            throw Failure.rejected(
                    id + " is a command to a worker, and the platform has moved on since: the orchestrator sends a"
                            + " step anew, with all that it knows now. See: rollbackctl status; rollbackctl retry ROLLBACK STEP");
        }
        return topics.all().stream()
                .filter(topic -> topic.name().equals(id.topic()))
                .findFirst()
                .orElseThrow(
                        () -> Failure.rejected(
                                id.topic()
                                        + " is no topic that records are replayed to: is --prefix the one that the orchestrator uses?"));
    }

    /** As operators write it down. */
    public static String written(Published where) {
        return new LetterId(where.topic(), where.partition(), where.offset()).toString();
    }
}
