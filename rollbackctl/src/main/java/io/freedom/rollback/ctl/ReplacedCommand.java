package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.ReplacedTable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl replaced}. */
@Command(
        name = "replaced",
        description = "Databases that rollbacks have replaced: kept beside, until somebody accepts the rollback.",
        subcommands = {ReplacedCommand.ListReplaced.class, ReplacedCommand.Accept.class})
final class ReplacedCommand extends Group {

    /** {@code rollbackctl replaced list}. */
    @Command(
            name = "list",
            description = {
                "List those that are kept, the newest first, and until when.",
                "They are those of the history; one that was dropped by hand is listed still."
            })
    static final class ListReplaced extends Verb {
        @Parameters(arity = "0..1", paramLabel = "PLATFORM", description = "only of this platform")
        private @Nullable String platform;

        @Override
        int run(ControlPlane plane) {
            var table = new ReplacedTable(Histories.read(plane, null, platform));
            return print(table.kept(), table.lines(now(), zone(), style()));
        }
    }

    /** {@code rollbackctl replaced accept}. */
    @Command(
            name = "accept",
            description = {
                "Accept what a rollback has done: the databases that it replaced are dropped, and it cannot be undone any more.",
                "Otherwise that happens once its restore point is held no longer (`backups.hold` of the descriptor).",
                "Nothing is dropped while somebody is connected to one of them."
            })
    static final class Accept extends StartingVerb {
        @Parameters(paramLabel = "ROLLBACK", description = "as list shows it")
        private String rollback = "";

        @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
        private String reason = "";

        @Override
        int run(ControlPlane plane) {
            var platform = new ReplacedTable(Histories.read(plane, null, null))
                    .platformOf(rollback)
                    .orElseThrow(() -> Failure.rejected(
                            "There was no rollback '" + rollback + "'. See rollbackctl replaced list"));
            return start(plane, platform, required(reason, "--reason"), "acceptance", rollback);
        }
    }
}
