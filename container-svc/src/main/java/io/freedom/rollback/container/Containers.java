package io.freedom.rollback.container;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What the handlers ask about a project's containers. */
final class Containers {
    /** Exit codes of a service that did as it was told, or was ended by SIGINT, SIGKILL or SIGTERM. */
    private static final Set<Integer> TOLD_TO_END = Set.of(0, 130, 137, 143);

    private Containers() {}

    /** Those that {@code up} made; not those of {@code compose run}. */
    static List<EngineContainer> ofServices(Engine engine, String project) throws StepFailure, InterruptedException {
        return engine.containers(project).stream().filter(c -> !c.oneOff()).toList();
    }

    /** Those of {@code services}; of all when none is named. */
    static List<EngineContainer> ofServices(Engine engine, String project, Collection<String> services)
            throws StepFailure, InterruptedException {
        return ofServices(engine, project).stream()
                .filter(c -> services.isEmpty() || services.contains(c.service()))
                .toList();
    }

    /** What was recorded of {@code services}; of all when none is named. */
    static List<ContainerState> recorded(ContainersRecorded record, Collection<String> services) {
        return record.getContainers().stream()
                .filter(c -> services.isEmpty() || services.contains(c.getService()))
                .toList();
    }

    static List<ContainerState> states(Collection<EngineContainer> containers) {
        return containers.stream().map(Containers::state).toList();
    }

    /** With what only an inspection tells; side by side, since there may be many. */
    static List<ContainerState> inspected(Engine engine, Collection<EngineContainer> containers)
            throws StepFailure, InterruptedException {
        return InParallel.map(containers, container -> {
            var details = engine.details(container.id());
            return ContainerState.newBuilder(state(container))
                    .setStartedAt(details.flatMap(Containers::startedAt).orElse(null))
                    .setRestarts(details.map(ContainerDetails::restarts).orElse(0))
                    .setExitCode(details.filter(it -> it.state().equals("exited"))
                            .map(it -> (int) it.exitCode())
                            .orElse(null))
                    .build();
        });
    }

    /** To the millisecond, as it is recorded; empty when it never was. */
    static Optional<Instant> startedAt(ContainerDetails details) {
        return Optional.of(Instant.parse(details.startedAt()))
                .filter(Instant.EPOCH::isBefore)
                .map(at -> at.truncatedTo(ChronoUnit.MILLIS));
    }

    private static ContainerState state(EngineContainer c) {
        return ContainerState.newBuilder()
                .setService(c.service())
                .setContainerId(c.id())
                .setName(c.name())
                .setImage(c.image())
                .setImageId(c.imageId())
                .setState(c.state())
                .setHealth(c.health())
                .build();
    }

    static Set<String> services(Collection<EngineContainer> containers) {
        var services = new TreeSet<String>();
        containers.forEach(c -> services.add(c.service()));
        return services;
    }

    /** Whether a recorded container held a process, or would again in a moment. */
    static boolean ran(ContainerState recorded) {
        return Set.of("running", "restarting", "paused").contains(recorded.getState());
    }

    /** Whether it is to run: what is mended may be why it had ended. What was told to end stays as it is. */
    static boolean isWanted(ContainerState recorded, Collection<String> failed) {
        return ran(recorded) || failed.contains(recorded.getService()) && hasFailed(recorded);
    }

    /** Ids of the containers that had ended with an error. */
    static Set<String> failed(ContainersRecorded record) {
        return record.getContainers().stream()
                .filter(Containers::hasFailed)
                .map(ContainerState::getContainerId)
                .collect(Collectors.toSet());
    }

    private static boolean hasFailed(ContainerState recorded) {
        var exitCode = recorded.getExitCode();
        return recorded.getState().equals("exited") && exitCode != null && !TOLD_TO_END.contains(exitCode);
    }

    /** A paused one would sleep through the signal and be killed, so it is woken first. */
    static void stop(Engine engine, EngineContainer container, Duration grace)
            throws StepFailure, InterruptedException {
        if (container.state().equals("paused")) {
            engine.unpause(container.id());
        }
        engine.stop(container.id(), grace);
    }

    /** A job that has done its work; also a service that was stopped and ended without error. */
    static boolean hasEndedWell(Engine engine, EngineContainer container) throws StepFailure, InterruptedException {
        var details = engine.details(container.id());
        return details.isPresent()
                && details.get().state().equals("exited")
                && details.get().exitCode() == 0;
    }

    /** Time left for work, keeping a little to report. */
    static Duration left(Instant deadline) {
        var left = Duration.between(Instant.now(), deadline).minusSeconds(2);
        return left.compareTo(Duration.ofSeconds(1)) < 0 ? Duration.ofSeconds(1) : left;
    }

    static String shortened(String imageId) {
        var hex = imageId.replaceFirst("^sha256:", "");
        return hex.length() > 12 ? hex.substring(0, 12) : hex;
    }
}
