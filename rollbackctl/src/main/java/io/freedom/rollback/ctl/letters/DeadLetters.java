package io.freedom.rollback.ctl.letters;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import java.util.Comparator;
import java.util.List;

/** What is in the topics for them. */
public final class DeadLetters {
    private DeadLetters() {}

    /** All that are kept, the oldest first. */
    public static List<DeadLetter> all(ControlPlane plane) {
        var topics = plane.topics().all().stream()
                .filter(topic -> topic.schema()
                        .filter(DeadLetter.getClassSchema()::equals)
                        .isPresent())
                .toList();
        try (var reader = plane.read(topics)) {
            reader.seekToBeginning();
            return reader.readToEnd().stream()
                    .filter(received -> received.value() instanceof DeadLetter)
                    .map(received -> (DeadLetter) received.value())
                    .sorted(Comparator.comparing(DeadLetter::getAt))
                    .toList();
        }
    }

    /** Those about one record, of which several things may have been wrong; never empty. */
    public static List<DeadLetter> about(LetterId id, ControlPlane plane) {
        var found = all(plane).stream()
                .filter(letter -> LetterId.of(letter).equals(id))
                .toList();
        if (found.isEmpty()) {
            throw Failure.rejected("There is no dead letter " + id
                    + ": they are kept for 30 days. Those that are there: rollbackctl dead-letters list");
        }
        return found;
    }
}
