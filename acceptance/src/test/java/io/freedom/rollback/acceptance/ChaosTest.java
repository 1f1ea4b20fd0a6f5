package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.freedom.rollback.acceptance.ChaosCell.Moment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Kills one process with SIGKILL at one point of a full rollback and starts it again: what the rollback comes to has to be right each
 * time. A few chosen cells by default; with {@code -Dchaos.cells=all} (`make chaos`) each process at each boundary of steps and
 * amid each step, with {@code -Dchaos.cells=N -Dchaos.seed=S} so many of them, with {@code -Dchaos.cells=engine:amid:container.down,...} those.
 */
@Tag("engine")
class ChaosTest {
    private static final List<ChaosCell> CHOSEN = List.of(
            new ChaosCell("orchestrator", Moment.AMID, "container.up"),
            new ChaosCell("broker", Moment.AFTER, "git.check-out"),
            new ChaosCell("registry", Moment.AMID, "backup.database"),
            new ChaosCell("backup", Moment.AMID, "backup.database"),
            new ChaosCell("postgres", Moment.AMID, "backup.database"));

    private static final List<String> ROWS = new ArrayList<>();
    private static final ChaosLab LAB = new ChaosLab();

    @TestFactory
    Stream<DynamicTest> endsRightWhateverIsKilled() {
        return cells(LAB.steps()).stream()
                .map(cell -> dynamicTest(cell.toString(), () -> {
                    var ending = LAB.run(cell);
                    ROWS.add(ending.row(cell));
                    System.out.println("chaos: " + ROWS.getLast());
                    assertThat(ending.faults()).as(ending.toString()).isEmpty();
                    assertThat(ending.outcome())
                            .as("of what was chosen, all is killed")
                            .matches(outcome -> !CHOSEN.contains(cell) || !outcome.contains("did not run"));
                }));
    }

    @AfterAll
    static void report() throws IOException {
        LAB.close();
        var table = new ArrayList<String>();
        table.add("| killed | when | outcome | attempts | took | downtime | right |");
        table.add("|---|---|---|---|---|---|---|");
        table.addAll(ROWS);
        Files.write(Path.of("target/chaos.md"), table);
        System.out.println(String.join("\n", table));
    }

    private static List<ChaosCell> cells(List<String> steps) {
        var wanted = System.getProperty("chaos.cells", "");
        if (wanted.isEmpty()) {
            assertThat(steps).containsAll(CHOSEN.stream().map(ChaosCell::step).toList());
            return CHOSEN;
        }
        var all = new ArrayList<ChaosCell>();
        for (var victim : ChaosLab.VICTIMS) {
            all.add(new ChaosCell(victim, Moment.BEFORE, steps.getFirst()));
            for (var step : steps) {
                all.add(new ChaosCell(victim, Moment.AMID, step));
                all.add(new ChaosCell(victim, Moment.AFTER, step));
            }
        }
        if (wanted.equals("all")) {
            return all;
        }
        if (wanted.contains(":")) {
            var named = Stream.of(wanted.split(",")).map(ChaosCell::parse).toList();
            assertThat(all).containsAll(named);
            return named;
        }
        Collections.shuffle(all, new Random(Long.getLong("chaos.seed", 1)));
        return all.subList(0, Math.min(all.size(), Integer.parseInt(wanted)));
    }
}
