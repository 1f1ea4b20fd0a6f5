package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a rollback would fail on is found while the platform is untouched; all on one platform, which must not change. */
@Tag("engine")
class RefusalTest {
    private static final ControlPlane PLANE = ControlPlane.shared();
    private static Platform platform;
    private static Platform.State before;

    @BeforeAll
    static void start() {
        platform = Platform.broken("acc-refuse");
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    private static Shell.Result refused(UnaryOperator<String> change, String... options) {
        platform.registered(PLANE, change);
        before = platform.state();
        var argv = new java.util.ArrayList<>(java.util.List.of("start", "acc-refuse", "--reason", "test", "--watch"));
        argv.addAll(java.util.List.of(options));
        var result = PLANE.rollbackctl(argv.toArray(String[]::new));
        assertThat(result.exitCode()).as(result.output()).isEqualTo(1);
        assertThat(PLANE.facts("acc-refuse", "RollbackFinished")
                        .getLast()
                        .path("outcome")
                        .asString())
                .isEqualTo("REFUSED");
        assertThat(platform.state()).isEqualTo(before);
        return result;
    }

    @Test
    void refusesATagThatDoesNotExistAndNamesThoseThatDo() {
        var result = refused(UnaryOperator.identity(), "--target", "graveyard/none");
        assertThat(result.output()).contains("graveyard/none", "graveyard/pre-reset");
    }

    @Test
    void refusesWhenACriticalFileIsMissingAtTheTag() {
        var result = refused(yaml -> yaml.replace("Makefile, services/", "Makefile, services/, LICENSE-KEY"));
        assertThat(result.output()).contains("LICENSE-KEY");
    }

    @Test
    void refusesWhenTheDiskIsTooSmall() {
        var result = refused(yaml -> yaml.replace("reserve: 256MiB", "reserve: 900TiB"));
        assertThat(result.output()).contains("free");
    }

    @Test
    void refusesWhenTheDatabaseDoesNotAnswer() {
        var result =
                refused(yaml -> yaml.replaceAll("jdbc:postgresql://127.0.0.1:\\d+", "jdbc:postgresql://127.0.0.1:1"));
        assertThat(result.output()).contains("PostgreSQL does not answer", "is the server running and reachable?");
    }

    @Test
    void refusesWhenTheTagsImagesCannotBeBuilt() throws IOException {
        var dockerfile = platform.tree.resolve("services/castle/Dockerfile");
        var working = Files.readString(dockerfile);
        platform.git("stash", "-q", "-u");
        Files.writeString(dockerfile, working + "\nRUN echo no such luck && false\n");
        platform.git("commit", "-q", "-am", "Break the build");
        platform.git("tag", "broken-build");
        platform.git("reset", "-q", "--hard", "HEAD~1");
        platform.git("stash", "pop", "-q", "--index");

        var result = refused(UnaryOperator.identity(), "--target", "broken-build");
        assertThat(result.output()).contains("images cannot be built; nothing was stopped");
    }

    @Test
    void saysWhatIsWrongWithADescriptorAndWithThePlatformItPointsAt() {
        var wrong = platform.descriptor(yaml -> yaml.replace("name: freedom_kb", "nmae: freedom_kb"));
        var descriptor = PLANE.rollbackctl("platform", "check", wrong.toString());
        assertThat(descriptor.exitCode()).isEqualTo(1);
        assertThat(descriptor.output()).contains("platform.yaml:", "nmae", "did you mean");

        var absent = platform.descriptor(yaml -> yaml.replace("service: postgres", "service: mysql"));
        var found = PLANE.rollbackctl("platform", "check", absent.toString());
        assertThat(found.exitCode()).as(found.output()).isEqualTo(1);
        assertThat(found.output()).contains("the compose file has no service mysql");
    }

    @Test
    void tellsThatAPlatformIsBrokenFromThatItCouldNotBeRolledBackAndWritesNothing() {
        var nowhere = platform.directory.resolve("not-yet/backups");
        var descriptor = platform.descriptor(yaml -> yaml.replace(platform.backups.toString(), nowhere.toString())
                        .replace("models: [models/]", "models: [models/, modles/]"))
                .toString();
        before = platform.state();

        var found = PLANE.rollbackctl("platform", "check", descriptor);
        assertThat(found.exitCode()).as(found.output()).isZero();
        assertThat(found.output())
                .contains("could be rolled back to graveyard/pre-reset", "Right now it is not as its descriptor says")
                .contains("! Look for configuration and models: not in " + platform.tree + ": modles/")
                .contains("! Probe API gateway:", "expected 200");
        assertThat(nowhere.getParent()).doesNotExist();
        assertThat(platform.state()).isEqualTo(before);

        assertThat(PLANE.rollbackctl("platform", "check", descriptor, "--strict")
                        .exitCode())
                .isEqualTo(1);
    }

    @Test
    void showsInThePlanThatTheDatabaseServerIsRestartedAfterABreach() {
        platform.registered(PLANE);
        assertThat(PLANE.rollbackctl("plan", "acc-refuse").succeeded().output())
                .contains("postgres keeps running if", "Remove the containers but postgres");
        assertThat(PLANE.rollbackctl("plan", "acc-refuse", "--class", "security-breach")
                        .succeeded()
                        .output())
                .contains("for a security breach", "postgres is restarted: what ran during a security breach")
                .doesNotContain("Remove the containers but");
    }
}
