package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Table;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.topics.Topic;
import java.util.Comparator;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code rollbackctl dead-letters}. */
@Command(
        name = "dead-letters",
        description = "Records that could not be read or applied.",
        subcommands = DeadLettersCommand.ListLetters.class)
final class DeadLettersCommand extends Group {

    /** {@code rollbackctl dead-letters list}. */
    @Command(name = "list", description = "List them, the oldest first, with the reason and what to do.")
    static final class ListLetters extends Verb {
        @Override
        int run(ControlPlane plane) {
            var topics = plane.topics().all().stream()
                    .filter(ListLetters::holdsDeadLetters)
                    .toList();
            try (var reader = plane.read(topics)) {
                reader.seekToBeginning();
                var letters = reader.readToEnd().stream()
                        .filter(received -> received.value() instanceof DeadLetter)
                        .map(received -> (DeadLetter) received.value())
                        .sorted(Comparator.comparing(DeadLetter::getAt))
                        .toList();
                return print(letters, lines(letters));
            }
        }

        private static boolean holdsDeadLetters(Topic topic) {
            return topic.schema().filter(DeadLetter.getClassSchema()::equals).isPresent();
        }

        private List<String> lines(List<DeadLetter> letters) {
            if (letters.isEmpty()) {
                return List.of("No dead letters.");
            }
            var table = new Table("AT", "TOPIC", "OFFSET", "REASON");
            letters.forEach(letter -> table.row(
                    Texts.moment(letter.getAt(), zone()),
                    letter.getTopic() + "-" + letter.getPartition(),
                    String.valueOf(letter.getOffset()),
                    Texts.cut(letter.getReason(), 1000)));
            return table.lines(style());
        }
    }
}
