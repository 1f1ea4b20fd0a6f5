package io.freedom.rollback.health;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.LogsScanned;
import io.freedom.rollback.schemas.action.ScanLogs;
import io.freedom.rollback.schemas.action.TargetCheckedOut;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Reads what the project's containers logged since each of them was last started. */
final class ScanLogsHandler implements StepHandler<ScanLogs> {
    // The engine notes the start once the process runs: its first lines bear earlier times.
    private static final Duration EARLY = Duration.ofSeconds(1);

    private final EngineProvider engines;

    ScanLogsHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<ScanLogs> action() {
        return ScanLogs.class;
    }

    @Override
    public Completed execute(ScanLogs scan, StepContext step) throws StepFailure, InterruptedException {
        var rules = LogRules.compile(scan.getErrorPatterns(), scan.getIgnorePatterns());
        var engine = engines.engine();
        var project = scan.getCompose().getProject();
        var wanted = scan.getServices();
        var all = engine.containers(project).stream()
                .filter(c -> wanted.isEmpty() || wanted.contains(c.service()))
                .toList();
        if (all.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "project " + project + " has no containers whose logs could be read: check its name and"
                            + " `docker compose -p " + project + " ps -a`");
        }
        var containers = all.stream()
                .filter(c -> !scan.getOfThoseThatRan() || !wasDown(c.service(), step))
                .toList();
        var errors = new ErrorLines(rules);
        long lines = 0;
        for (int i = 0; i < containers.size(); i++) {
            step.stillWanted();
            step.progress(i, containers.size(), "containers", "reading the log of " + name(containers.get(i)));
            lines += read(engine, containers.get(i), since(containers.get(i), step), errors);
            errors.check();
        }
        var found = errors.found();
        if (found.isPresent()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "the logs of project " + project + " hold " + found.get()
                            + ". Read them with `docker compose -p " + project
                            + " logs`; what is harmless belongs into the descriptor's ignore patterns");
        }
        return new Completed(
                new LogsScanned(lines),
                "no error in " + lines + " lines of " + containers.size()
                        + (containers.size() == 1 ? " container" : " containers"));
    }

    /** It did not run when the rollback began. */
    private static boolean wasDown(String service, StepContext step) {
        var recorded =
                step.find(ContainersRecorded.class).map(ContainersRecorded::getContainers).orElse(List.of()).stream()
                        .filter(known -> known.getService().equals(service))
                        .map(ContainerState::getState)
                        .toList();
        return !recorded.isEmpty() && recorded.stream().allMatch("exited"::equals);
    }

    /**
     * What ran on through the rollback wrote of the incident, too: only what came after the checkout, or else since the
     * rollback began, is about how it is now.
     */
    private static Instant since(EngineContainer container, StepContext step) {
        var record = step.find(ContainersRecorded.class)
                .filter(recorded -> recorded.getContainers().stream()
                        .anyMatch(known -> known.getContainerId().equals(container.id())));
        return record.isEmpty()
                ? Instant.EPOCH
                : step.find(TargetCheckedOut.class)
                        .map(TargetCheckedOut::getAt)
                        .or(() -> record.map(ContainersRecorded::getAt))
                        .orElse(Instant.EPOCH);
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }

    private static long read(Engine engine, EngineContainer container, Instant since, ErrorLines errors)
            throws StepFailure, InterruptedException {
        var started = engine.details(container.id())
                .map(details -> Instant.parse(details.startedAt()))
                .flatMap(at -> at.isAfter(Instant.EPOCH) ? Optional.of(at) : Optional.empty());
        // Never started (the engine then says year 1), or removed since it was listed.
        return started.isEmpty()
                ? 0
                : engine.logs(
                        container.id(),
                        later(started.get().minus(EARLY), since),
                        line -> errors.accept(name(container), line));
    }

    private static String name(EngineContainer container) {
        return container.service().isEmpty() ? container.name() : container.service();
    }
}
