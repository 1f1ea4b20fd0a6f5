package io.freedom.rollback.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.AnomaliesLookedFor;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.HttpProbe;
import io.freedom.rollback.schemas.action.LookForAnomalies;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class LookForAnomaliesHandlerTest {
    private final String project = "look-test-" + UUID.randomUUID();
    private final Containers containers = new Containers();
    private final EngineProvider engines = new EngineProvider();
    private final HttpProber prober = new HttpProber();

    @AfterEach
    void removeContainers() throws Exception {
        prober.close();
        engines.close();
        containers.close();
    }

    private String started(String service, String script) throws Exception {
        return containers.run(
                "--network=none",
                "--label=com.docker.compose.project=" + project,
                "--label=com.docker.compose.service=" + service,
                "rollback-local/python:bookworm",
                "sh",
                "-c",
                script);
    }

    private AnomaliesLookedFor look(List<HttpProbe> probes, int errorsAllowed, Instant stableSince) throws Exception {
        return look(probes, errorsAllowed, stableSince, Instant.EPOCH);
    }

    private AnomaliesLookedFor look(List<HttpProbe> probes, int errorsAllowed, Instant stableSince, Instant lastLook)
            throws Exception {
        return look(probes, errorsAllowed, Instant.EPOCH, stableSince, lastLook);
    }

    private AnomaliesLookedFor look(
            List<HttpProbe> probes, int errorsAllowed, Instant began, Instant stableSince, Instant lastLook)
            throws Exception {
        var compose = ComposeProject.newBuilder()
                .setProject(project)
                .setDirectory("/")
                .setFiles(List.of())
                .build();
        var done = new LookForAnomaliesHandler(prober, engines)
                .execute(
                        new LookForAnomalies(
                                probes,
                                compose,
                                List.of("ERROR"),
                                List.of("harmless"),
                                errorsAllowed,
                                began,
                                stableSince,
                                lastLook),
                        RecordedStep.within(Duration.ofSeconds(30)));
        return (AnomaliesLookedFor) done.result();
    }

    @Test
    void findsNothingWhereAllIsWell() throws Exception {
        try (var peer = new HttpPeer().answering("/health", 200, "fine")) {
            containers.awaitEnd(started("job", "echo ERROR harmless"));
            started("api", "exec sleep 600");
            var probe = HttpProbe.newBuilder()
                    .setName("api")
                    .setUrl(peer.url("/health"))
                    .setPatient(false)
                    .build();

            assertThat(look(List.of(probe), 0, Instant.now())).isEqualTo(new AnomaliesLookedFor(List.of(), 1, 2, 0L));
        }
    }

    @Test
    void findsProbesThatFailContainersThatEndedOrRestartedAndErrorsBeyondTheBound() throws Exception {
        var probe = HttpProbe.newBuilder()
                .setName("api")
                .setUrl("http://127.0.0.1:1/")
                .setPatient(false)
                .build();
        containers.awaitEnd(started("api", "echo ERROR one; echo ERROR two; exit 3"));
        started("gui", "exec sleep 600");
        var beforeAll = Instant.now().minus(Duration.ofHours(1));

        var found = look(List.of(probe), 1, beforeAll);

        assertThat(found.getErrorLines()).isEqualTo(2);
        assertThat(found.getAnomalies()).hasSize(4);
        assertThat(String.join("\n", found.getAnomalies()))
                .contains(
                        "api: GET http://127.0.0.1:1/ does not answer (connection refused)",
                        "api is exited with exit code 3",
                        "gui was restarted at ",
                        "2 error lines: api ×1: ERROR one; api ×1: ERROR two");
        assertThat(look(List.of(), 2, beforeAll).getAnomalies())
                .as("within the bound")
                .hasSize(2);
    }

    @Test
    void findsNothingInWhatSomebodyHadStoppedBefore() throws Exception {
        containers.awaitEnd(started("batch", "exit 143"));
        var later = Instant.now().plusSeconds(1);

        assertThat(look(List.of(), 0, later, later, later).getAnomalies()).isEmpty();
        assertThat(look(List.of(), 0, later.minusSeconds(3600), later, later).getAnomalies())
                .as("what ended while the rollback ran")
                .containsExactly("batch is exited with exit code 143");
    }

    @Test
    void findsASingleRestartOnceAndOneWhoDoesNotStayUpEachTime() throws Exception {
        var hourAgo = Instant.now().minus(Duration.ofHours(1));
        started("api", "exec sleep 600");
        assertThat(look(List.of(), 0, hourAgo, hourAgo).getAnomalies())
                .singleElement()
                .asString()
                .startsWith("api was restarted at ");
        var now = Instant.now().plusSeconds(1);
        assertThat(look(List.of(), 0, hourAgo, now).getAnomalies()).isEmpty();

        var script = "test -e /3 && exec sleep 600; test -e /2 && touch /3; test -e /1 && touch /2; touch /1; exit 1";
        var loop = containers.run(
                "--network=none",
                "--restart=always",
                "--label=com.docker.compose.project=" + project,
                "--label=com.docker.compose.service=gui",
                "rollback-local/python:bookworm",
                "sh",
                "-c",
                script);
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            var details = engines.engine().details(loop).orElseThrow();
            return details.restarts() == 3 && details.state().equals("running");
        });
        var later = Instant.now().plusSeconds(60);
        assertThat(look(List.of(), 0, hourAgo, later).getAnomalies())
                .singleElement()
                .asString()
                .startsWith("gui ended by itself and was started again 3 times, last at ");
        assertThat(look(List.of(), 0, later).getAnomalies())
                .as("before the rollback")
                .isEmpty();
    }

    @Test
    void saysThatThereAreNoContainersAnyMore() throws Exception {
        assertThat(look(List.of(), 0, Instant.now()).getAnomalies())
                .containsExactly("project " + project + " has no containers");
    }
}
