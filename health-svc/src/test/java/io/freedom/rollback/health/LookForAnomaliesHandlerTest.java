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
import java.util.ArrayList;
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
    private Instant until = Instant.EPOCH;
    private List<String> unwell = List.of();
    private final HttpProber prober = new HttpProber();

    @AfterEach
    void removeContainers() throws Exception {
        prober.close();
        engines.close();
        containers.close();
    }

    private String started(String service, String script, String... options) throws Exception {
        var argv = new ArrayList<>(List.of(
                "--network=none",
                "--label=com.docker.compose.project=" + project,
                "--label=com.docker.compose.service=" + service));
        argv.addAll(List.of(options));
        argv.addAll(List.of("rollback-local/python:bookworm", "sh", "-c", script));
        return containers.run(argv.toArray(String[]::new));
    }

    private AnomaliesLookedFor look(List<HttpProbe> probes, int errorsAllowed, Instant stableSince) throws Exception {
        return look(probes, errorsAllowed, stableSince, Instant.EPOCH);
    }

    private AnomaliesLookedFor look(List<HttpProbe> probes, int errorsAllowed, Instant stableSince, Instant lastLook)
            throws Exception {
        return look(probes, errorsAllowed, Instant.EPOCH, stableSince, lastLook);
    }

    private AnomaliesLookedFor look(
            List<HttpProbe> probes,
            int errorsAllowed,
            Instant began,
            Instant stableSince,
            Instant lastLook,
            String... services)
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
                                lastLook,
                                until,
                                List.of(services),
                                List.of("kb"),
                                unwell),
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

            assertThat(look(List.of(probe), 0, Instant.now()))
                    .isEqualTo(new AnomaliesLookedFor(List.of(), 1, 2, 0L, List.of(), List.of()));
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
        var loop = started("gui", script, "--restart=always");
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
    void findsServicesThatWereStoppedCleanlyOrRemovedAndNoJobsThatAreDone() throws Exception {
        var longAgo = Instant.now().plusSeconds(1);
        var waits = "trap 'exit 0' TERM; sleep 600 & wait";
        started("job", waits, "--expose=3000", "--health-cmd=true");
        started("gui", "exec sleep 600", "--publish=127.0.0.1::3000");
        started("api", waits, "--restart=unless-stopped");
        var watched = started("kb", waits);

        var before = look(List.of(), 0, longAgo);
        assertThat(before.getAnomalies()).isEmpty();
        assertThat(before.getRunning()).containsExactly("api", "gui", "kb");

        for (var container : engines.engine().containers(project)) {
            if (!container.service().equals("gui")) {
                engines.engine().stop(container.id(), Duration.ofSeconds(10));
            }
        }
        containers.remove(watched);
        var after = look(List.of(), 0, Instant.EPOCH, longAgo, longAgo, "api", "gui", "kb");

        assertThat(after.getAnomalies())
                .containsExactly("api ran before, and is exited", "kb ran before, and has no container any more");
        assertThat(after.getRunning()).containsExactly("gui");
    }

    @Test
    void countsInOneLookOnlyAndNotTwiceWhatItSawHalfWay() throws Exception {
        var hourAgo = Instant.now().minus(Duration.ofHours(1));
        var asked = Instant.now();
        started("api", "echo ERROR one; exec sleep 600");
        await().until(() -> look(List.of(), 0, hourAgo).getErrorLines() == 1);

        until = asked;
        assertThat(look(List.of(), 0, hourAgo, hourAgo).getAnomalies())
                .as("came while it was looked")
                .isEmpty();
        until = Instant.now();
        assertThat(look(List.of(), 0, hourAgo, asked).getUnwell()).containsExactly("api");
        unwell = List.of("api");
        assertThat(look(List.of(), 1, hourAgo, asked).getAnomalies())
                .as("that it is back was to be expected")
                .isEmpty();
    }

    @Test
    void takesWhatOthersWaitForToEndForAJob() throws Exception {
        var waits = "trap 'exit 0' TERM; sleep 600 & wait";
        started("kb", waits);
        started("api", waits, "--label=com.docker.compose.depends_on=kb:service_completed_successfully:false");

        assertThat(look(List.of(), 0, Instant.now()).getRunning()).isEmpty();
    }

    @Test
    void saysThatThereAreNoContainersAnyMore() throws Exception {
        assertThat(look(List.of(), 0, Instant.now()).getAnomalies())
                .containsExactly("project " + project + " has no containers");
    }
}
