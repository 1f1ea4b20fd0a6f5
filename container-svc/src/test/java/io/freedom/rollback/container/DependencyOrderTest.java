package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.engine.EngineContainer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DependencyOrderTest {
    private final EngineContainer db = container("db", "");
    private final EngineContainer kb = container("kb", "db:service_healthy:false");
    private final EngineContainer gui = container("gui", "");
    private final EngineContainer api = container("api", "kb:service_healthy:false,gone:service_started:false");

    @Test
    void startsDependenciesFirstAndStopsThemLast() {
        var all = List.of(api, kb, gui, db);

        assertThat(DependencyOrder.starting(all)).containsExactly(List.of(gui, db), List.of(kb), List.of(api));
        assertThat(DependencyOrder.stopping(all)).containsExactly(List.of(api), List.of(kb), List.of(gui, db));
    }

    @Test
    void tellsWhatIsOnlyToBeStartedFromWhatIsToBeHealthy() {
        assertThat(DependencyOrder.startsAfter(api)).containsExactly("gone");
        assertThat(DependencyOrder.startsAfter(kb)).isEmpty();
    }

    @Test
    void takesACircleAsOneGroup() {
        var a = container("a", "b:service_started:false");
        var b = container("b", "a:service_started:false");

        assertThat(DependencyOrder.starting(List.of(a, b))).containsExactly(List.of(a, b));
    }

    private static EngineContainer container(String service, String dependsOn) {
        return new EngineContainer(
                service,
                service,
                service,
                "i",
                "sha256:0",
                "running",
                null,
                Map.of("com.docker.compose.depends_on", dependsOn));
    }
}
