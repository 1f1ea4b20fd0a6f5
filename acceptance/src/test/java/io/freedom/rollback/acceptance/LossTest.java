package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What was acknowledged is there after a restore, or it is told to the row that it was given up, and kept. */
class LossTest extends ScenarioHarness {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int SOME = 10;

    LossTest() {
        super("acc-loss");
    }

    /** Nothing but rows is changed, and each test writes its own. */
    @Override
    @AfterEach
    void afterwards() {
        well();
    }

    @Test
    void tellsToTheRowWhatARestoreOfTheDatabaseGivesUp() throws Exception {
        tellsWhatIsGivenUp(
                "database",
                point -> plane.rollbackctl(
                        "start",
                        name,
                        "--scenario",
                        "database-restore",
                        "--restore-point",
                        point,
                        "--reason",
                        "test",
                        "--watch"));
    }

    @Test
    void tellsToTheRowWhatARestoreOfDatabaseAndFilesGivesUp() throws Exception {
        var report = tellsWhatIsGivenUp(
                "full",
                point -> plane.rollbackctl(
                        "backups", "restore", point, "--part", "database,files", "--reason", "test", "--watch"));

        assertThat(report)
                .as("where the service notes what it has taken in")
                .contains("/app/data of kb-service: replaced by that of ");
    }

    /** @param restore to a restore point; returns the report. */
    private String tellsWhatIsGivenUp(String run, Function<String, Shell.Result> restore) throws InterruptedException {
        var through = Writer.through(platform, run + ": through the platform");
        var beside = Writer.beside(platform, run + ": beside it");
        Set<String> before;
        Set<String> asked;
        String point;
        try (through;
                beside) {
            awaitMore(through, beside);
            before = acknowledged(through, beside);
            run("restore-point");
            point = lastRollback();
            run("restore-point");
            awaitMore(through, beside);
            asked = acknowledged(through, beside);

            restore.apply(point).succeeded();

            awaitMore(through, beside);
        }
        var acknowledged = acknowledged(through, beside);
        var live = titles("freedom_kb");
        var kept = titles(keptBy(lastRollback()));
        var givenUp = without(kept, live);
        var report = plane.rollbackctl("report", lastRollback(), "--format", "markdown", "--file", "-")
                .succeeded()
                .output();

        assertThat(live).as("what was there when the restore point was taken").containsAll(before);
        assertThat(live).as("what was written since").containsAll(without(acknowledged, kept));
        assertThat(without(acknowledged, live))
                .as("what is not there is in the database that was replaced")
                .isSubsetOf(givenUp)
                .as("of both writers, and also what was written while it was restored")
                .anyMatch(title -> title.contains("through"))
                .anyMatch(title -> title.contains("beside") && !asked.contains(title));
        assertThat(report).contains("The database was restored from " + point + ", taken ");
        assertThat(told(report)).as("rows that the report gives up").isEqualTo(givenUp.size());
        return report;
    }

    private static void awaitMore(Writer... writers) {
        for (var writer : writers) {
            int before = writer.acknowledged.size();
            await("it writes").atMost(PATIENCE).until(() -> writer.acknowledged.size() > before + SOME);
        }
    }

    private static Set<String> acknowledged(Writer... writers) {
        var all = new HashSet<String>();
        for (var writer : writers) {
            all.addAll(writer.acknowledged);
        }
        return all;
    }

    private Set<String> titles(String database) {
        var titles =
                platform.value(database, "select title from documents").lines().toList();
        assertThat(titles).doesNotHaveDuplicates();
        return Set.copyOf(titles);
    }

    /** Its name. */
    private String keptBy(String rollback) {
        var list = plane.rollbackctl("replaced", "list", name).succeeded().output();
        return found(Pattern.quote(rollback) + " +" + name + " +(\\S+)", list).getFirst();
    }

    private static int told(String report) {
        var rows = found("public\\.documents (\\d+) → (\\d+)", report);
        return Integer.parseInt(rows.getFirst()) - Integer.parseInt(rows.getLast());
    }

    /** The groups of its first match. */
    private static List<String> found(String pattern, String text) {
        var matcher = Pattern.compile(pattern).matcher(text);
        assertThat(matcher.find()).as("%s in %s", pattern, text).isTrue();
        return Stream.iterate(1, group -> group <= matcher.groupCount(), group -> group + 1)
                .map(matcher::group)
                .toList();
    }

    private static Set<String> without(Set<String> some, Set<String> others) {
        var left = new HashSet<>(some);
        left.removeAll(others);
        return left;
    }
}
