package io.freedom.rollback.ctl.view;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlanTreeTest {
    @Test
    void showsPhasesStepsWhatUndoesThemAndWhereServiceIsDown() {
        assertThat(String.join("\n", PlanTree.lines(Samples.plan(), Style.PLAIN)))
                .isEqualTo("""
                freedom: full-rollback → graveyard/pre-reset
                4 steps · RTO 30 min · site default · descriptor 0123456789ab…

                1 Assess
                └─ git.verify-target  Verify the tag  (git, at most 30 s)

                2 Preserve
                └─ backup.database  Dump the database  (backup, at most 20 min, 3 attempts)
                      after git.verify-target

                3 Shut down
                │  ▼ downtime begins
                └─ container.stop-writers  Stop the writers  (container, at most 30 s)
                      after git.verify-target, backup.database
                      undo: Start the writers again  (container, at most 1:30 min, 3 attempts)

                5 Recover
                └─ container.up  Start everything  (container, at most 30 s)
                   ▲ service is back""");
    }
}
