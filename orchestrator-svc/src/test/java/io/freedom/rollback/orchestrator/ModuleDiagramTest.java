package io.freedom.rollback.orchestrator;

import static java.util.function.Predicate.not;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The README's diagram is the module list, with an arrow for each dependency that a pom.xml declares. */
class ModuleDiagramTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern ARROW =
            Pattern.compile("(?m)^ +(\\S+(?: & \\S+)*)(?: -- .+)? --> (\\S+(?: & \\S+)*)$");
    private static final Pattern MODULE = Pattern.compile("<module>(.+)</module>");
    private static final Pattern OURS = Pattern.compile(
            "<dependency>\\s*(?:<!--.*?-->\\s*)?<groupId>io\\.freedom\\.rollback</groupId>\\s*<artifactId>(.+)</artifactId>");

    @Test
    void theDiagramsArrowsAreTheDependenciesBetweenTheModules() throws IOException {
        var declared = new TreeSet<String>();
        for (var module : modules()) {
            matches(OURS, ROOT.resolve(module).resolve("pom.xml"))
                    .map(found -> module + " --> " + found.group(1))
                    .forEach(declared::add);
        }

        var drawn = new TreeSet<String>();
        matches(ARROW, ROOT.resolve("README.md")).forEach(arrow -> {
            for (var from : names(arrow.group(1))) {
                names(arrow.group(2)).forEach(to -> drawn.add(from + " --> " + to));
            }
        });

        assertThat(drawn).as("solid arrows of the diagram in README.md").isEqualTo(declared);
    }

    @Test
    void theTableBelowListsEveryModule() throws IOException {
        var readme = Files.readString(ROOT.resolve("README.md"));

        assertThat(modules())
                .isNotEmpty()
                .filteredOn(not(module -> readme.contains("[`" + module + "`](" + module + ")")))
                .as("modules that the table in README.md lacks")
                .isEmpty();
    }

    private static List<String> modules() throws IOException {
        return matches(MODULE, ROOT.resolve("pom.xml"))
                .map(found -> found.group(1))
                .toList();
    }

    private static Stream<MatchResult> matches(Pattern pattern, Path file) throws IOException {
        return pattern.matcher(Files.readString(file)).results();
    }

    private static List<String> names(String ampersands) {
        return Arrays.asList(ampersands.split(" & ", -1));
    }
}
