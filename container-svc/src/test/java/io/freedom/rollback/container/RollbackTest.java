package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.AdoptImages;
import io.freedom.rollback.schemas.action.AwaitHealthy;
import io.freedom.rollback.schemas.action.CaptureLogs;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.ComposeIsDown;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.ImagesPrepared;
import io.freedom.rollback.schemas.action.ImagesPruned;
import io.freedom.rollback.schemas.action.PrepareImages;
import io.freedom.rollback.schemas.action.PreparedImage;
import io.freedom.rollback.schemas.action.PruneImages;
import io.freedom.rollback.schemas.action.RecordContainers;
import io.freedom.rollback.schemas.action.RestoreContainers;
import io.freedom.rollback.schemas.action.RestoreImages;
import io.freedom.rollback.schemas.action.StartWriters;
import io.freedom.rollback.schemas.action.StopWriters;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.action.WritersStopped;
import io.freedom.rollback.worker.Probe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("engine")
class RollbackTest {
    private static final String REVISION = "0123456789abcdef0123456789abcdef01234567";

    private TestProject project;

    RollbackTest(@TempDir Path folder) throws Exception {
        project = new TestProject(folder);
    }

    @BeforeEach
    void bringUp() throws Exception {
        project.up();
        awaitLog("version bad");
    }

    @AfterEach
    void removeAll() throws Exception {
        project.close();
    }

    @Test
    void rollsBackToTheTargetsImagesAndReturnsToTheVeryImagesItCameFrom() throws Exception {
        recordContainers();
        var before = project.images();
        prepare();
        stopWriters();
        assertThat(project.states()).isEqualTo(Map.of("api", "exited", "db", "running", "job", "exited"));
        down();
        assertThat(project.states()).isEmpty();
        assertThat(project.engine.networks(project.name)).isEmpty();
        project.run(new AdoptImagesHandler(project.engines), new AdoptImages(project.compose()));
        TestProject.write(project.live, "good", TestProject.COMPOSE + "x-note: target\n");
        up();
        assertThat(awaitHealthy()).isEqualTo("3 of 3 services healthy");
        awaitLog("version good");

        // And back again.
        down();
        project.run(new RestoreImagesHandler(project.engines), new RestoreImages(project.compose(), List.of()));
        TestProject.write(project.live, "bad", TestProject.COMPOSE);
        assertThat(restore()).isEqualTo("3 containers as recorded, 2 running");

        assertThat(project.images()).isEqualTo(before);
        assertThat(project.states().get("api")).isEqualTo("running");
        awaitLog("version bad");
    }

    @Test
    void preparesImagesWithoutMovingALiveName() throws Exception {
        var live = project.engine.images().id(project.name + "-api").orElseThrow();
        var further = project.engine.images().id(project.name + "-further").orElseThrow();

        prepare();
        var first = preparedApi();
        prepare();
        var second = preparedApi();

        assertThat(project.engine.images().id(project.name + "-api")).contains(live);
        assertThat(project.engine.images().id(project.name + "-further")).contains(further);
        assertThat(first.getReused()).isFalse();
        assertThat(first.getImage()).isEqualTo(project.name + "-api");
        assertThat(first.getImageId()).isNotEqualTo(live);
        assertThat(second.getReused()).isTrue();
        assertThat(second.getImageId()).isEqualTo(first.getImageId());
        assertThat(project.worktree.resolve(".env")).doesNotExist();
    }

    @Test
    void buildsTheCommitThatWasVerifiedNotWhatATagWasBuiltForBefore() throws Exception {
        var action = new PrepareImages(
                project.compose(), project.worktree.toString(), "release-2026.1", List.of(), true, true, false);
        project.step.feed(new TargetVerified(REVISION, 1, List.of(), List.of(), List.of(), List.of()));
        project.run(new PrepareImagesHandler(project.engines), action);
        var first = preparedApi();

        // The same tag, moved; or another one with the same beginning.
        TestProject.write(project.worktree, "better", TestProject.COMPOSE);
        project.step.feed(
                new TargetVerified(REVISION.replace('0', 'f'), 1, List.of(), List.of(), List.of(), List.of()));
        project.run(new PrepareImagesHandler(project.engines), action);

        assertThat(preparedApi().getReused()).isFalse();
        assertThat(preparedApi().getImageId()).isNotEqualTo(first.getImageId());
    }

    @Test
    void givesServicesThatShareAnImageTheOneThatIsBuiltForIt() throws Exception {
        TestProject.write(project.worktree, "good", """
                services:
                  api: {build: {context: api, args: {BASE: "${BASE}"}}, image: "${LIVE_TAG}"}
                  worker: {image: "${LIVE_TAG}"}
                """);

        prepare();

        assertThat(project.result(ImagesPrepared.class).getImages())
                .hasSize(2)
                .allMatch(i -> i.getImageId().equals(preparedApi().getImageId()));
        project.run(new AdoptImagesHandler(project.engines), new AdoptImages(project.compose()));
        assertThat(project.engine.images().id(project.name + "-further"))
                .contains(preparedApi().getImageId());
    }

    @Test
    void startsTheWritersAgainInTheContainersTheyRanIn() throws Exception {
        recordContainers();
        var api = project.container("api").id();
        stopWriters();

        assertThat(project.result(WritersStopped.class).getServices()).containsExactly("api", "job");
        var detail =
                project.run(new StartWritersHandler(project.engines), new StartWriters(project.compose(), List.of()));

        assertThat(detail).isEqualTo("running again: api, db");
        assertThat(project.container("api").id()).isEqualTo(api);
        assertThat(project.states()).isEqualTo(Map.of("api", "running", "db", "running", "job", "exited"));
    }

    @Test
    void restoresStoppedContainersWithoutMakingNewOnes() throws Exception {
        recordContainers();
        var api = project.container("api").id();
        project.engine.stop(api, Duration.ofSeconds(5));

        restore();

        assertThat(project.container("api").id()).isEqualTo(api);
        assertThat(project.container("api").state()).isEqualTo("running");
    }

    @Test
    void restoresAPlatformThatWasIllWhenTheRollbackBegan() throws Exception {
        // The database stand-in is stopped: `compose up` would start it and wait, which is not what was there.
        project.engine.stop(project.container("db").id(), Duration.ofSeconds(5));
        recordContainers();
        var before = project.images();
        down();

        restore();

        assertThat(project.images()).isEqualTo(before);
        assertThat(project.states().get("db")).isEqualTo("created");
        assertThat(project.states().get("api")).isEqualTo("running");
    }

    @Test
    void goesDownWhenTheComposeFileCannotBeRead() throws Exception {
        Files.writeString(project.live.resolve("compose.yml"), "services: {api: [broken");

        down();

        assertThat(project.states()).isEmpty();
        assertThat(project.engine.networks(project.name)).isEmpty();
        assertThat(TestProject.docker("volume", "ls", "-q")).contains(project.name + "_data");
    }

    @Test
    void namesTheContainersThatTheComposeFileDoesNotDefine() throws Exception {
        TestProject.write(project.live, "bad", "services: {db: {image: \"%s\"}}\n".formatted(TestProject.BASE));

        down();

        assertThat(project.result(ComposeIsDown.class).getOrphans())
                .containsExactlyInAnyOrder(project.name + "-api-1", project.name + "-job-1");
    }

    @Test
    void bringsUpTheImageThatItsNameMeansNow() throws Exception {
        recordContainers();
        prepare();
        project.run(new AdoptImagesHandler(project.engines), new AdoptImages(project.compose()));

        up();

        assertThat(project.container("api").imageId()).isEqualTo(preparedApi().getImageId());
        assertThat(new ComposeUpHandler(project.engines, project.vault)
                        .probe(
                                new ComposeUp(project.compose(), List.of("api", "db"), false, false, true, List.of()),
                                project.step))
                .isInstanceOf(Probe.Applied.class);
    }

    @Test
    void prunesTheGuardsOfReleasedRollbacksAndNothingInUse() throws Exception {
        recordContainers();
        var own = ImageNames.guard(project.name, "api", project.step.rollbackId());
        var guard = ImageNames.guard(project.name, "api", "released");
        var other = ImageNames.guard(project.name, "api", "another");
        project.engine.images().tag(project.container("api").imageId(), other);
        project.engine.images().tag(project.container("api").imageId(), guard);
        Files.writeString(project.live.resolve("api/version"), "newer");
        Files.writeString(
                project.live.resolve("api/Dockerfile"),
                "FROM %s\nRUN head -c 9000000 /dev/urandom > /big\nCMD [\"sleep\", \"infinity\"]\n"
                        .formatted(TestProject.BASE));
        project.up();
        TestProject.docker(
                "compose", "-p", project.name, "--project-directory", project.live.toString(), "build", "--no-cache");
        var inUse = project.container("api").imageId();

        project.run(
                new PruneImagesHandler(project.engines),
                new PruneImages(project.compose(), false, List.of("released")));

        assertThat(project.engine.images().id(guard)).isEmpty();
        assertThat(project.engine.images().id(other)).isPresent();
        assertThat(project.engine.images().id(own)).as("it can be undone").isPresent();
        assertThat(project.engine.images().id(inUse)).isPresent();
        TestProject.docker("compose", "-p", project.name, "--project-directory", project.live.toString(), "up", "-d");
        project.engine.images().tag(project.container("api").imageId(), guard);
        project.run(
                new PruneImagesHandler(project.engines), new PruneImages(project.compose(), true, List.of("released")));
        assertThat(project.engine.images().id(guard)).isEmpty();
        assertThat(project.engine.images().id(inUse)).as("dangling").isPresent();
        project.run(
                new PruneImagesHandler(project.engines),
                new PruneImages(project.compose(), false, List.of("released")));
        assertThat(project.engine.images().id(inUse)).isEmpty();
        assertThat(project.result(ImagesPruned.class).getReclaimed()).isGreaterThan(8_000_000);
    }

    private void recordContainers() throws Exception {
        project.run(
                new RecordContainersHandler(project.engines),
                new RecordContainers(project.compose(), project.backup.toString()));
        assertThat(project.result(ContainersRecorded.class).getContainers()).hasSize(3);
        assertThat(project.backup.resolve("containers/state.json")).content().contains("\"service\": \"api\"");
        project.run(
                new CaptureLogsHandler(project.engines, project.vault),
                new CaptureLogs(project.compose(), project.backup.toString()));
        assertThat(project.backup.resolve("logs/api-1.log")).content().contains("version bad");
    }

    private void prepare() throws Exception {
        project.run(
                new PrepareImagesHandler(project.engines),
                new PrepareImages(
                        project.compose(), project.worktree.toString(), REVISION, List.of(), true, true, false));
    }

    private PreparedImage preparedApi() {
        return project.result(ImagesPrepared.class).getImages().stream()
                .filter(i -> i.getService().equals("api"))
                .findFirst()
                .orElseThrow();
    }

    private void stopWriters() throws Exception {
        project.run(new StopWritersHandler(project.engines), new StopWriters(project.compose(), List.of("db"), 10));
    }

    private void down() throws Exception {
        project.run(
                new ComposeDownHandler(project.engines, project.vault),
                new ComposeDown(project.compose(), 10, List.of(), List.of()));
    }

    private void up() throws Exception {
        project.run(
                new ComposeUpHandler(project.engines, project.vault),
                new ComposeUp(project.compose(), List.of(), false, false, true, List.of()));
    }

    private String awaitHealthy() throws Exception {
        return project.run(
                new AwaitHealthyHandler(project.engines), new AwaitHealthy(project.compose(), List.of(), false, false));
    }

    private String restore() throws Exception {
        return project.run(
                new RestoreContainersHandler(project.engines, project.vault),
                new RestoreContainers(project.compose(), List.of(), true));
    }

    private void awaitLog(String line) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!project.engine.lastLogs(project.container("api").id(), 10).contains(line)) {
            assertThat(System.nanoTime())
                    .as("no line '%s' in the log of api", line)
                    .isLessThan(end);
        }
    }
}
