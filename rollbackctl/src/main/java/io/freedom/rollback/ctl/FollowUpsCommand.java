package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.FollowUpTable;
import io.freedom.rollback.schemas.operator.CompleteFollowUp;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl follow-ups}. */
@Command(
        name = "follow-ups",
        description = "What is to be done after rollbacks, by whom and until when.",
        subcommands = {FollowUpsCommand.ListFollowUps.class, FollowUpsCommand.Done.class})
final class FollowUpsCommand extends Group {

    /** {@code rollbackctl follow-ups list}. */
    @Command(name = "list", description = "List those that are open, the most urgent first.")
    static final class ListFollowUps extends Verb {
        @Parameters(arity = "0..1", paramLabel = "PLATFORM", description = "only of this platform")
        private @Nullable String platform;

        @Option(names = "--all", description = "those that are done, too")
        private boolean all;

        @Override
        int run(ControlPlane plane) {
            var table = new FollowUpTable(Histories.read(plane, null, platform));
            return print(table.followUps(all), table.lines(all, now(), zone(), style()));
        }
    }

    /** {@code rollbackctl follow-ups done}. */
    @Command(name = "done", description = "Say that one is done; the history keeps who said so, and --reason.")
    static final class Done extends Verb {
        @Parameters(paramLabel = "ID", description = "as list shows it")
        private String id = "";

        @Option(names = "--reason", paramLabel = "TEXT", description = "what came of it, or where it is written down")
        private @Nullable String reason;

        @Override
        int run(ControlPlane plane) {
            var planned = new FollowUpTable(Histories.read(plane, null, null))
                    .find(id)
                    .orElseThrow(() ->
                            Failure.rejected("There is no follow-up '" + id + "'. See rollbackctl follow-ups list"));
            var answer = request(plane).ask(planned.platform(), reason, new CompleteFollowUp(id));
            return print(List.of(answer), List.of("Done: " + planned.followUp().getWhat()));
        }
    }
}
