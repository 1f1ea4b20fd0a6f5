package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.DrillTable;
import io.freedom.rollback.platform.DrillCopy;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl drills}. */
@Command(
        name = "drills",
        description = {
            "How drills went, by scenario: how many of them succeeded, and how long the scenario itself took, against its RTO.",
            "Making and removing the copy is not counted."
        })
final class DrillsCommand extends Verb {
    @Parameters(arity = "0..1", paramLabel = "PLATFORM", description = "only of this platform")
    private @Nullable String platform;

    @Override
    int run(ControlPlane plane) {
        var copy = platform == null ? null : DrillCopy.nameOf(platform);
        var table = new DrillTable(Histories.read(plane, null, copy));
        return print(table.json(), table.lines(zone(), style()));
    }
}
