package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.AdoptImages;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.PrepareImages;
import io.freedom.rollback.schemas.action.RecordContainers;
import io.freedom.rollback.schemas.action.RestoreContainers;
import io.freedom.rollback.schemas.action.RestoreImages;
import io.freedom.rollback.schemas.action.StopWriters;
import io.freedom.rollback.schemas.action.TargetCheckedOut;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("engine")
class KeptDatabaseTest {
    private static final String REVISION = "0123456789abcdef0123456789abcdef01234567";
    private static final String MOUNTED =
            TestProject.COMPOSE.replace("[\"data:/data\"]", "[\"data:/data\", \"./init:/init:ro\"]");

    private final TestProject project;

    KeptDatabaseTest(@TempDir Path folder) throws Exception {
        project = new TestProject(folder);
    }

    @BeforeEach
    void bringUp() throws Exception {
        for (var tree : List.of(project.live, project.worktree)) {
            Files.createDirectories(tree.resolve("init"));
            Files.writeString(tree.resolve("compose.yml"), MOUNTED);
        }
        project.up();
        project.run(
                new RecordContainersHandler(project.engines),
                new RecordContainers(project.compose(), project.backup.toString()));
    }

    @AfterEach
    void removeAll() throws Exception {
        project.close();
    }

    @Test
    void runsOnThroughARollbackAndItsUndoingWhereItIsTheSameInBothVersions() throws Exception {
        var before = project.images();
        var database = project.container("db").id();
        var start = startOfDatabase();

        goDown();
        assertThat(project.states()).isEqualTo(Map.of("db", "running"));
        checkOut(MOUNTED, List.of("api/version", "compose.yml"));
        up();

        assertThat(project.states()).containsEntry("api", "running").containsEntry("db", "running");
        assertThat(project.images()).isNotEqualTo(before);
        goBack();

        assertThat(project.images()).isEqualTo(before);
        assertThat(project.states()).containsEntry("api", "running");
        assertThat(project.container("db").id()).isEqualTo(database);
        assertThat(startOfDatabase()).isEqualTo(start);
    }

    @Test
    void isReplacedWhereTheTargetDefinesItOtherwiseAndComesBackWhenThatIsUndone() throws Exception {
        var before = project.images();
        var database = project.container("db").id();

        goDown();
        checkOut(MOUNTED.replace("restart: always", "environment: {OLDER: yes}"), List.of("compose.yml"));
        up();

        assertThat(project.container("db").id()).isNotEqualTo(database);
        assertThat(project.container("db").state()).isEqualTo("running");
        goBack();

        assertThat(project.images()).isEqualTo(before);
        assertThat(project.states()).containsEntry("db", "running").containsEntry("api", "running");
        assertThat(project.engine
                        .details(project.container("db").id())
                        .orElseThrow()
                        .restartPolicy())
                .isEqualTo("always");
    }

    @Test
    void isReplacedWhereTheCheckoutChangedFilesThatItReads() throws Exception {
        var database = project.container("db").id();

        goDown();
        checkOut(MOUNTED, List.of("init/schema.sql"));
        up();

        var replaced = project.container("db").id();
        assertThat(replaced).isNotEqualTo(database);
        assertThat(project.container("db").state()).isEqualTo("running");
        goBack();
        assertThat(project.container("db").id())
                .as("what it had read is undone as well")
                .isNotEqualTo(replaced);
    }

    @Test
    void isReplacedForItsFilesAlsoWhereComposeStartsTheServices() throws Exception {
        var database = project.container("db").id();
        var jobFirst = MOUNTED.replace(
                "depends_on: {db: {condition: service_healthy}}",
                "depends_on: {db: {condition: service_healthy}, job: {condition: service_completed_successfully}}");
        Files.writeString(project.worktree.resolve("compose.yml"), jobFirst);

        goDown();
        checkOut(jobFirst, List.of("init/schema.sql"));
        up();

        assertThat(project.container("db").id()).isNotEqualTo(database);
        assertThat(project.states()).containsEntry("db", "running").containsEntry("api", "running");
    }

    @Test
    void isStartedAgainOnTheFilesThatReturnedWhenTheCheckoutFailed() throws Exception {
        var start = startOfDatabase();
        goDown();

        Files.writeString(project.live.resolve("init/schema.sql"), "of the target");
        Files.delete(project.live.resolve("init/schema.sql"));
        project.run(new RestoreImagesHandler(project.engines), new RestoreImages(project.compose(), List.of()));
        project.run(
                new RestoreContainersHandler(project.engines, project.vault),
                new RestoreContainers(project.compose(), List.of(), true));

        assertThat(project.states()).containsEntry("db", "running").containsEntry("api", "running");
        assertThat(startOfDatabase()).isNotEqualTo(start);
    }

    private String startOfDatabase() throws Exception {
        return project.engine
                .details(project.container("db").id())
                .orElseThrow()
                .startedAt();
    }

    private void goDown() throws Exception {
        project.run(
                new PrepareImagesHandler(project.engines),
                new PrepareImages(
                        project.compose(), project.worktree.toString(), REVISION, List.of(), true, true, false));
        project.run(new StopWritersHandler(project.engines), new StopWriters(project.compose(), List.of("db"), 10));
        project.run(
                new ComposeDownHandler(project.engines, project.vault),
                new ComposeDown(project.compose(), 10, List.of("db"), List.of()));
        project.run(new AdoptImagesHandler(project.engines), new AdoptImages(project.compose()));
    }

    private void checkOut(String compose, List<String> changed) throws Exception {
        TestProject.write(project.live, "good", compose);
        project.step.feed(new TargetCheckedOut(REVISION, REVISION, changed, Instant.now()));
    }

    private void up() throws Exception {
        project.run(
                new ComposeUpHandler(project.engines, project.vault),
                new ComposeUp(project.compose(), List.of("db"), false, false, true, List.of()));
        project.run(
                new ComposeUpHandler(project.engines, project.vault),
                new ComposeUp(project.compose(), List.of("api"), false, false, true, List.of()));
    }

    /** As the plan undoes it: what is new goes, names and files return, then the recorded containers. */
    private void goBack() throws Exception {
        project.run(
                new ComposeDownHandler(project.engines, project.vault),
                new ComposeDown(project.compose(), 10, List.of("db"), List.of()));
        project.run(new RestoreImagesHandler(project.engines), new RestoreImages(project.compose(), List.of()));
        TestProject.write(project.live, "bad", MOUNTED);
        project.run(
                new RestoreContainersHandler(project.engines, project.vault),
                new RestoreContainers(project.compose(), List.of(), true));
    }
}
