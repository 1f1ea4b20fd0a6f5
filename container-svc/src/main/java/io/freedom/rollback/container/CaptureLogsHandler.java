package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.CaptureLogs;
import io.freedom.rollback.schemas.action.LogsCaptured;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.jspecify.annotations.Nullable;

/** Keeps every container's log: removing a container removes its log. */
final class CaptureLogsHandler implements StepHandler<CaptureLogs> {
    private final EngineProvider engines;
    private final Vault vault;

    CaptureLogsHandler(EngineProvider engines, Vault vault) {
        this.engines = engines;
        this.vault = vault;
    }

    @Override
    public Class<CaptureLogs> action() {
        return CaptureLogs.class;
    }

    @Override
    public Completed execute(CaptureLogs action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var containers = engine.containers(action.getCompose().getProject());
        var folder = Path.of(action.getDirectory(), "logs");
        Set<String> unreadable = new ConcurrentSkipListSet<>();
        step.checkpoint();
        var files = InParallel.map(containers, c -> capture(engine, c, folder, unreadable));
        // While the platform serves, so that little is left for when it is down.
        var logs = new LastLogs(engine, action.getCompose(), step, vault);
        logs.keep(containers);
        long bytes = 0;
        for (var file : files) {
            try {
                bytes += Files.size(file);
            } catch (IOException e) {
                throw Kept.failure(file, e);
            }
        }
        var detail = "logs of %d containers".formatted(containers.size() - unreadable.size());
        return new Completed(
                LogsCaptured.newBuilder().setFiles(files.size()).setBytes(bytes).build(),
                (unreadable.isEmpty() ? detail : detail + "; no log can be read of " + new TreeSet<>(unreadable))
                        + logs.note());
    }

    private static Path capture(Engine engine, EngineContainer container, Path folder, Set<String> unreadable)
            throws StepFailure, InterruptedException {
        var service = service(container);
        var file = file(folder, container);
        try (var writer = Kept.writer(file)) {
            var sink = new Sink(writer);
            try {
                engine.logs(container.id(), null, sink::line);
            } catch (StepFailure e) {
                // Some log drivers cannot be read back; that must not hold up the rollback.
                if (e.kind() != FailureKind.TOOL) {
                    throw e;
                }
                unreadable.add(service);
                sink.line(e.text());
            }
            sink.rethrow();
        } catch (IOException e) {
            throw Kept.failure(file, e);
        }
        return file;
    }

    private static String service(EngineContainer container) {
        return container.service().isEmpty() ? container.name() : container.service();
    }

    /** The service is a label, which says what it likes. */
    static Path file(Path folder, EngineContainer container) {
        var kind = container.oneOff() ? "run-" : "";
        return folder.resolve("%s-%s%d.log".formatted(LogFiles.safe(service(container)), kind, container.number()));
    }

    private static final class Sink {
        private final BufferedWriter writer;
        private @Nullable IOException failed;

        Sink(BufferedWriter writer) {
            this.writer = writer;
        }

        void line(String text) {
            if (failed == null) {
                try {
                    writer.write(text);
                    writer.newLine();
                } catch (IOException e) {
                    failed = e;
                }
            }
        }

        void rethrow() throws IOException {
            if (failed != null) {
                throw failed;
            }
        }
    }
}
