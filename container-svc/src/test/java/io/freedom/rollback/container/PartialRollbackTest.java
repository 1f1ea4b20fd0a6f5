package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.AdoptImages;
import io.freedom.rollback.schemas.action.AwaitHealthy;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.ImagesPrepared;
import io.freedom.rollback.schemas.action.PathsCheckedOut;
import io.freedom.rollback.schemas.action.PrepareImages;
import io.freedom.rollback.schemas.action.PreparedImage;
import io.freedom.rollback.schemas.action.RecordContainers;
import io.freedom.rollback.schemas.action.RestoreContainers;
import io.freedom.rollback.schemas.action.RestoreImages;
import io.freedom.rollback.schemas.action.StartWriters;
import io.freedom.rollback.schemas.action.StopServices;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One service of a platform that serves on: "web" reads files of the work tree and must not notice. */
@Tag("engine")
class PartialRollbackTest {
    private static final String COMPOSE =
            TestProject.COMPOSE.replace("  job:", """
                  web:
                    image: ${BASE}
                    init: true
                    command: [sh, -c, "! grep bad /config/settings && exec sleep infinity"]
                    volumes: ["./config:/config:ro"]
                  job:""".indent(2).stripTrailing());

    private final TestProject project;

    PartialRollbackTest(@TempDir Path folder) throws Exception {
        project = new TestProject(folder);
    }

    @BeforeEach
    void bringUp() throws Exception {
        for (var tree : List.of(project.live, project.worktree)) {
            Files.createDirectories(tree.resolve("config"));
            Files.writeString(tree.resolve("compose.yml"), COMPOSE);
        }
        Files.writeString(project.live.resolve("config/settings"), "present");
        project.up();
    }

    @AfterEach
    void removeAll() throws Exception {
        project.close();
    }

    @Test
    void replacesOneServiceAndReturnsToTheImageItCameFromWhileTheOthersServeOn() throws Exception {
        // As an operator left it: `compose up api` would make the database anew, and remove an orphan.
        Files.writeString(
                project.live.resolve("compose.yml"),
                COMPOSE.replace("restart: always", "environment: {EDITED: yes}").replace("  web:", "  website:"));
        record();
        var before = project.images();
        var starts = starts();

        prepare(project.worktree, true);
        stop();
        assertThat(project.states()).containsEntry("api", "exited").containsEntry("db", "running");
        adopt();
        up(true);

        assertThat(project.container("api").imageId()).isEqualTo(prepared().getImageId());
        assertThat(project.states()).containsEntry("api", "running");
        assertThat(new ComposeUpHandler(project.engines, project.vault).probe(up(List.of("api"), true), project.step))
                .isInstanceOf(Probe.Applied.class);
        assertThat(others(starts())).isEqualTo(others(starts));

        stop();
        // Somebody stops another service meanwhile, for reasons of their own.
        project.engine.stop(project.container("web").id(), Duration.ofSeconds(5));
        project.run(new RestoreImagesHandler(project.engines), new RestoreImages(project.compose(), List.of("api")));
        restore(List.of("api"));

        assertThat(project.images()).isEqualTo(before);
        assertThat(project.states())
                .isEqualTo(Map.of("api", "running", "db", "running", "web", "exited", "job", "exited"));
        assertThat(others(starts())).isEqualTo(others(starts));
    }

    @Test
    void makesAServiceAnewFromThePresentTreeOnceAndStartsWhatItNeeds() throws Exception {
        project.engine.stop(project.container("db").id(), Duration.ofSeconds(5));
        record();
        var before = project.images();
        var api = project.container("api").id();
        var database = project.container("db").id();
        var env = Files.readString(project.live.resolve(".env"));

        prepare(project.live, false);
        assertThat(prepared().getReused()).isFalse();
        var built = prepared().getImageId();
        prepare(project.live, false);
        assertThat(prepared().getReused()).as("by the next attempt").isTrue();
        assertThat(prepared().getImageId()).isEqualTo(built);
        assertThat(project.live.resolve(".env")).hasContent(env);
        adopt();
        up(true);

        var anew = project.container("api").id();
        assertThat(anew).isNotEqualTo(api);
        assertThat(project.container("db").id()).isEqualTo(database);
        assertThat(project.states()).containsEntry("api", "running").containsEntry("db", "running");
        up(true);
        assertThat(project.container("api").id()).as("after the next attempt").isEqualTo(anew);
        project.run(new RestoreImagesHandler(project.engines), new RestoreImages(project.compose(), List.of()));
        restore(List.of());

        assertThat(project.images()).isEqualTo(before);
        assertThat(project.container("db").id()).isEqualTo(database);
        assertThat(project.states()).containsEntry("api", "running").containsEntry("db", "exited");
    }

    @Test
    void preparesTheImageThatAnotherServiceBuilds() throws Exception {
        Files.writeString(project.worktree.resolve("compose.yml"), """
                services:
                  api: {build: {context: api, args: {BASE: "${BASE}"}}, image: "${LIVE_TAG}"}
                  worker: {image: "${LIVE_TAG}"}
                  gone: {image: "registry.invalid/none:1"}
                """);

        project.run(
                new PrepareImagesHandler(project.engines),
                new PrepareImages(
                        project.compose(),
                        project.worktree.toString(),
                        "f".repeat(40),
                        List.of("worker"),
                        true,
                        true,
                        false));

        var images = project.result(ImagesPrepared.class).getImages();
        assertThat(images)
                .singleElement()
                .satisfies(image -> assertThat(image.getService()).isEqualTo("worker"));
        assertThat(project.engine.images().id(images.getFirst().getPreparedImage()))
                .contains(images.getFirst().getImageId());
    }

    @Test
    void makesAnewOnlyWhatReadsTheConfigurationThatChangedAndLeavesWhatDidNotRun() throws Exception {
        project.engine.stop(project.container("api").id(), Duration.ofSeconds(5));
        record();
        var starts = starts();
        var settings = project.live.resolve("config/settings");
        Files.writeString(settings, "of the tag");
        project.step.feed(new PathsCheckedOut("f".repeat(40), List.of("config/settings"), Instant.now()));

        project.run(new ComposeUpHandler(project.engines, project.vault), up(List.of(), false));

        assertThat(new ComposeUpHandler(project.engines, project.vault).probe(up(List.of(), false), project.step))
                .isInstanceOf(Probe.Applied.class);
        assertThat(awaitHealthy(List.of())).isEqualTo("2 of 2 services healthy");
        assertThat(project.states()).containsEntry("api", "exited").containsEntry("web", "running");
        var changed = starts();
        assertThat(changed.get("web")).isNotEqualTo(starts.get("web"));
        assertThat(changed.get("db")).isEqualTo(starts.get("db"));
        assertThat(changed.get("api")).isEqualTo(starts.get("api"));
        Files.writeString(settings, "present");
        restore(List.of());

        assertThat(starts().get("web")).as("it reads the files that returned").isNotEqualTo(changed.get("web"));
        assertThat(starts().get("db")).isEqualTo(starts.get("db"));
        assertThat(starts().get("api")).isEqualTo(starts.get("api"));
        assertThat(project.states()).containsEntry("web", "running");
    }

    /** By the settings that go back. Another was stopped by somebody, and stays so. */
    @Test
    void startsWhatHadFailed() throws Exception {
        var settings = project.live.resolve("config/settings");
        project.engine.stop(project.container("api").id(), Duration.ofSeconds(5));
        Files.writeString(settings, "bad");
        var web = project.container("web").id();
        project.engine.stop(web, Duration.ofSeconds(5));
        project.engine.start(web);
        assertThat(TestProject.docker("wait", web)).isEqualTo("1");
        record();
        Files.writeString(settings, "of the tag");
        var failed = List.of("api", "web");

        project.run(new StartWritersHandler(project.engines), new StartWriters(project.compose(), failed));

        assertThat(project.states()).containsEntry("api", "exited").containsEntry("web", "running");
        project.engine.stop(web, Duration.ofSeconds(5));
        project.step.feed(new PathsCheckedOut("f".repeat(40), List.of("config/settings"), Instant.now()));

        var up = new ComposeUp(project.compose(), List.of(), false, true, true, failed);
        project.run(new ComposeUpHandler(project.engines, project.vault), up);

        assertThat(project.states()).containsEntry("api", "exited").containsEntry("web", "running");
        assertThat(new ComposeUpHandler(project.engines, project.vault).probe(up, project.step))
                .isInstanceOf(Probe.Applied.class);
        restore(List.of());
        assertThat(project.states())
                .as("the way back")
                .containsEntry("api", "exited")
                .containsEntry("web", "exited");
    }

    @Test
    void awaitsTheNamedServiceThatDidNotRun() throws Exception {
        project.engine.stop(project.container("api").id(), Duration.ofSeconds(5));
        record();
        project.step.within(Duration.ofSeconds(3));

        assertThatThrownBy(() -> awaitHealthy(List.of("api")))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("service api");
        project.engine.start(project.container("api").id());
        project.step.within(Duration.ofSeconds(60));
        assertThat(awaitHealthy(List.of("api"))).isEqualTo("1 of 1 services healthy");
    }

    private void record() throws Exception {
        project.run(
                new RecordContainersHandler(project.engines),
                new RecordContainers(project.compose(), project.backup.toString()));
    }

    private void prepare(Path source, boolean reuse) throws Exception {
        project.run(
                new PrepareImagesHandler(project.engines),
                new PrepareImages(
                        project.compose(), source.toString(), "f".repeat(40), List.of("api"), reuse, true, false));
    }

    private PreparedImage prepared() {
        var images = project.result(ImagesPrepared.class).getImages();
        assertThat(images).hasSize(1);
        return images.getFirst();
    }

    private void stop() throws Exception {
        project.run(new StopServicesHandler(project.engines), new StopServices(project.compose(), List.of("api"), 10));
    }

    private void adopt() throws Exception {
        project.run(new AdoptImagesHandler(project.engines), new AdoptImages(project.compose()));
    }

    private void up(boolean recreate) throws Exception {
        project.run(new ComposeUpHandler(project.engines, project.vault), up(List.of("api"), recreate));
    }

    private ComposeUp up(List<String> services, boolean recreate) {
        return new ComposeUp(project.compose(), services, recreate, !recreate, true, List.of());
    }

    private void restore(List<String> services) throws Exception {
        project.run(
                new RestoreContainersHandler(project.engines, project.vault),
                new RestoreContainers(project.compose(), services, true));
    }

    private String awaitHealthy(List<String> services) throws Exception {
        return project.run(
                new AwaitHealthyHandler(project.engines), new AwaitHealthy(project.compose(), services, true, false));
    }

    /** Container and the moment it was started, by service. */
    private Map<String, String> starts() throws Exception {
        var starts = new TreeMap<String, String>();
        for (EngineContainer container : project.engine.containers(project.name)) {
            var details = project.engine.details(container.id()).orElseThrow();
            starts.put(container.service(), container.id() + " since " + details.startedAt());
        }
        return starts;
    }

    private static Map<String, String> others(Map<String, String> starts) {
        var others = new TreeMap<>(starts);
        others.remove("api");
        return others;
    }
}
