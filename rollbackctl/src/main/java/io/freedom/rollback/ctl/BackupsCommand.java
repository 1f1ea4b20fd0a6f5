package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.RestorePointTable;
import io.freedom.rollback.ctl.view.RestorePoints;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl backups}. */
@Command(
        name = "backups",
        description = "Restore points: what can be restored, how old it is, and what is kept for analysis only.",
        subcommands = {BackupsCommand.ListBackups.class, BackupsCommand.Show.class})
final class BackupsCommand extends Group {

    /** {@code rollbackctl backups list}. */
    @Command(
            name = "list",
            description = {
                "List the restore points, the newest first, and how old the newest is against the RPO.",
                "They are those of the history; one that was removed by hand is listed still."
            })
    static final class ListBackups extends Verb {
        @Parameters(arity = "0..1", paramLabel = "PLATFORM", description = "only of this platform")
        private @Nullable String platform;

        @Override
        int run(ControlPlane plane) {
            var points = new RestorePoints(Histories.read(plane, null, platform)).all();
            var table = new RestorePointTable(points);
            return print(
                    points.reversed().stream().map(RestorePointTable::json).toList(),
                    table.lines(now(), zone(), style()));
        }
    }

    /** {@code rollbackctl backups show}. */
    @Command(name = "show", description = "Show what is known of one, and the command that restores it.")
    static final class Show extends Verb {
        @Parameters(paramLabel = "ID", description = "as list shows it")
        private String id = "";

        @Override
        int run(ControlPlane plane) {
            var point = new RestorePoints(Histories.read(plane, null, null))
                    .find(id)
                    .orElseThrow(() -> Failure.rejected(
                            "There is no verified restore point '" + id + "'. See rollbackctl backups list"));
            return print(
                    List.of(RestorePointTable.json(point)), RestorePointTable.detail(point, now(), zone(), style()));
        }
    }
}
