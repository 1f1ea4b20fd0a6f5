package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.letters.DeadLetters;
import io.freedom.rollback.ctl.letters.Description;
import io.freedom.rollback.ctl.letters.LetterId;
import io.freedom.rollback.ctl.letters.Replay;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.HistoryLines;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.ctl.view.Table;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl dead-letters}. */
@Command(
        name = "dead-letters",
        description = "Records that could not be read or applied.",
        subcommands = {
            DeadLettersCommand.ListLetters.class,
            DeadLettersCommand.Show.class,
            DeadLettersCommand.ReplayLetter.class
        })
final class DeadLettersCommand extends Group {
    private static final String ID = "as the list names it, e.g. rollback.incidents-2@7";

    /** {@code rollbackctl dead-letters list}. */
    @Command(name = "list", description = "List them, the oldest first, with the reason and what to do.")
    static final class ListLetters extends Verb {
        @Override
        int run(ControlPlane plane) {
            var letters = DeadLetters.all(plane);
            return print(letters, lines(letters));
        }

        private List<String> lines(List<DeadLetter> letters) {
            if (letters.isEmpty()) {
                return List.of("No dead letters.");
            }
            var table = new Table("AT", "LETTER", "REASON");
            letters.forEach(letter -> table.row(
                    Texts.moment(letter.getAt(), zone()),
                    LetterId.of(letter).toString(),
                    Texts.cut(letter.getReason(), 1000)));
            return table.lines(style());
        }
    }

    /** {@code rollbackctl dead-letters show}. */
    @Command(name = "show", description = "Show one: why it was put aside, its key, and what is in it.")
    static final class Show extends Verb {
        @Parameters(paramLabel = "LETTER", converter = LetterId.Converter.class, description = ID)
        private LetterId id = new LetterId("", 0, 0);

        @Option(names = "--file", paramLabel = "FILE", description = "write the bytes of its value there, as they are")
        private @Nullable Path file;

        @Override
        int run(ControlPlane plane) {
            var letters = DeadLetters.about(id, plane);
            if (file != null) {
                write(letters.getLast(), file);
            }
            return print(letters, Description.of(letters, plane, zone()));
        }

        private static void write(DeadLetter letter, Path file) {
            try {
                Files.write(file, Description.value(letter));
            } catch (IOException e) {
                throw Failure.usage(file + " cannot be written: " + e.getMessage() + ". Choose another with --file");
            }
        }
    }

    /** {@code rollbackctl dead-letters replay}. */
    @Command(
            name = "replay",
            description = {
                "Publish the record once more where it had been read, byte for byte, and wait for what becomes of it.",
                "First mend what its reason names. An incident that is too old, or answered already, starts nothing; an",
                "operator's command is carried out as if it were given now. Commands to workers are not replayed."
            },
            exitCodeList = {
                "0:it was read and answered; or, where nothing answers it, not refused within 5 s",
                "2:wrong arguments",
                "3:the control plane cannot be reached or did not answer in time",
                "4:there is no such letter, or it was refused again"
            })
    static final class ReplayLetter extends Verb {
        @Parameters(paramLabel = "LETTER", converter = LetterId.Converter.class, description = ID)
        private LetterId id = new LetterId("", 0, 0);

        @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why; kept with the record")
        private String reason = "";

        @Override
        int run(ControlPlane plane) {
            var replay = new Replay(plane, root().operator(), required(reason, "--reason"), timeout());
            var replayed = replay.of(id);
            var where = Replay.written(replayed.where());
            var answer = replayed.answer();
            if (json()) {
                var fields = new HashMap<String, Object>(Map.of("replayedAs", where));
                if (answer != null) {
                    fields.put("answer", answer);
                }
                out().println(Json.of(fields));
            } else if (answer == null) {
                out().println("Replayed as " + where
                        + ", and not refused. What comes of it: rollbackctl history --since 10m");
            } else {
                out().println("Replayed as " + where + ".");
                out().println(new HistoryLines(zone(), style()).line(answer));
            }
            return ExitCode.OK;
        }
    }
}
