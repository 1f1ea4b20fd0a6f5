package io.freedom.rollback.container;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.worker.StepFailure;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/** Says what is wrong with containers, with the end of their logs: what an operator would look up first. */
final class Troubles {
    private static final int SHOWN = 3;
    private static final int LINES = 20;

    private Troubles() {}

    static boolean inTrouble(EngineContainer c) {
        return c.state().equals("restarting") || c.state().equals("dead") || "unhealthy".equals(c.health());
    }

    /** The first few containers that failed or are ill; empty when there are none. */
    static String of(Engine engine, Collection<EngineContainer> containers) throws StepFailure, InterruptedException {
        var text = new StringBuilder();
        int shown = 0;
        for (var container : containers) {
            var details = engine.details(container.id());
            boolean ill = inTrouble(container)
                    || details.map(d -> d.exitCode() != 0 || !d.error().isEmpty())
                            .orElse(false);
            if (ill && shown++ < SHOWN) {
                text.append('\n')
                        .append(details.map(d -> describe(engine, container, d)).orElse(""));
            }
        }
        return text.toString();
    }

    /** One container: its state, why, and its last log lines. */
    static String describe(Engine engine, EngineContainer container, ContainerDetails details) {
        var text = new StringBuilder("service %s (container %s) is %s"
                .formatted(
                        container.service(),
                        container.name(),
                        Objects.requireNonNullElse(container.health(), details.state())));
        if (details.restarts() > 0) {
            text.append(", restarted ").append(details.restarts()).append(" times");
        }
        if (details.exitCode() != 0) {
            text.append(", last exit code ").append(details.exitCode());
        }
        if (!details.error().isEmpty()) {
            text.append(", ").append(details.error());
        }
        return text.append("; last log lines:\n  ")
                .append(String.join("\n  ", logs(engine, container)))
                .toString();
    }

    private static List<String> logs(Engine engine, EngineContainer container) {
        try {
            var lines = engine.lastLogs(container.id(), LINES);
            return lines.isEmpty() ? List.of("(none)") : lines;
        } catch (StepFailure e) {
            return List.of("(" + e.text() + ")");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of("(not read)");
        }
    }
}
