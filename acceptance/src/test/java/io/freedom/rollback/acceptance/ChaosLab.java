package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.acceptance.ChaosCell.Ending;
import io.freedom.rollback.acceptance.ChaosCell.Moment;
import io.freedom.rollback.schemas.history.AttemptFailed;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.StepAcknowledged;
import io.freedom.rollback.schemas.history.StepDispatched;
import io.freedom.rollback.schemas.history.StepSucceeded;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/** A distributed control plane, and one platform that is broken anew for each rollback. */
final class ChaosLab implements AutoCloseable {
    static final List<String> VICTIMS = Stream.concat(ControlPlane.PARTS.stream(), Stream.of("postgres", "engine"))
            .toList();

    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final String NAME = "acc-chaos";
    private static final Pattern OURS = Pattern.compile("started by us \\(pid (\\d+)\\)");

    private final ControlPlane plane = ControlPlane.distributed();
    /** Milliseconds that each step takes when nothing is killed, in the order of the plan. */
    private final Map<String, Long> usual = new LinkedHashMap<>();

    private @Nullable Platform platform;
    private int platforms;
    /** Moves of HEAD in a rollback that nothing disturbs. */
    private long moves;

    /** Of a full rollback, in the order in which they end; the first call plays it undisturbed. */
    List<String> steps() {
        if (usual.isEmpty()) {
            var broken = broken();
            long before = moves(broken);
            var rollback = start(broken, "undisturbed");
            var finished = first(rollback, event -> event.getEvent() instanceof RollbackFinished)
                    .orElseThrow();
            if (((RollbackFinished) finished.getEvent()).getOutcome() != Outcome.SUCCEEDED) {
                throw new AssertionError("even undisturbed: " + finished);
            }
            moves = moves(broken) - before;
            var begun = new HashMap<String, Instant>();
            for (var event : events(rollback)) {
                switch (event.getEvent()) {
                    case StepAcknowledged step -> begun.put(step.getStepId(), event.getAt());
                    case StepSucceeded step ->
                        usual.put(
                                step.getStepId(),
                                Duration.between(begun.get(step.getStepId()), event.getAt())
                                        .toMillis());
                    default -> {}
                }
            }
        }
        return List.copyOf(usual.keySet());
    }

    /** Whatever keeps it from an end is a fault of its own, and the next cell has a platform of its own then. */
    Ending run(ChaosCell cell) {
        requireOurs(cell.victim());
        var broken = broken();
        Ending ending;
        try {
            ending = played(cell, broken);
        } catch (AssertionError | RuntimeException e) {
            ending = Ending.none(String.valueOf(e.getMessage()));
        }
        if (!ending.faults().isEmpty()) {
            close(broken);
        }
        return ending;
    }

    private Ending played(ChaosCell cell, Platform broken) {
        var before = State.of(broken);
        long letters = letters();
        var rollback = start(broken, cell.toString());
        var reached =
                first(rollback, event -> isAt(cell, event.getEvent()) || event.getEvent() instanceof RollbackFinished);
        if (reached.isEmpty() || reached.get().getEvent() instanceof RollbackFinished) {
            return Ending.none("the point was not reached");
        }
        if (cell.moment() == Moment.AMID) {
            pause(usual.getOrDefault(cell.step(), 0L) / 2);
        }
        boolean killed = kill(broken, cell.victim());
        var ended = first(rollback, event -> event.getEvent() instanceof RollbackFinished);
        if (ended.isEmpty()) {
            return Ending.none("it does not end: "
                    + plane.rollbackctl("status", broken.name).output());
        }
        // What was killed last may still be starting, and is asked what became of it.
        await("the control plane answers")
                .atMost(LIMIT)
                .until(() -> plane.rollbackctl("dead-letters", "list").exitCode() == 0);
        var ending = ending(
                rollback, before, broken, killed, (RollbackFinished) ended.get().getEvent());
        if (letters() > letters) {
            ending.faults().add(plane.rollbackctl("dead-letters", "list").output());
        }
        return ending;
    }

    private long letters() {
        return plane.rollbackctl("dead-letters", "list")
                .succeeded()
                .output()
                .lines()
                .filter(line -> !line.equals("No dead letters."))
                .count();
    }

    /** No event is awaited here: the middle of a step is a matter of time alone. */
    private static void pause(long millis) {
        await().pollDelay(Duration.ofMillis(millis)).atMost(LIMIT).until(() -> true);
    }

    private static boolean isAt(ChaosCell cell, Object event) {
        return switch (event) {
            case StepDispatched step ->
                cell.moment() == Moment.BEFORE && step.getStepId().equals(cell.step());
            case StepAcknowledged step ->
                cell.moment() == Moment.AMID && step.getStepId().equals(cell.step());
            case StepSucceeded step ->
                cell.moment() == Moment.AFTER && step.getStepId().equals(cell.step());
            default -> false;
        };
    }

    // ---- the platform -----------------------------------------------------------------------------

    /** As its broken version was deployed, whatever was done to it before. */
    private Platform broken() {
        plane.awaitReady();
        var known = platform;
        if (known == null) {
            var fresh = Platform.broken(NAME + (platforms++ == 0 ? "" : "-" + platforms));
            fresh.run("cp", "-a", "freedom", "broken");
            platform = fresh.registered(plane);
            return fresh;
        }
        // In place: the containers have folders of it mounted.
        known.run("rm", "-rf", "freedom/.git");
        known.run("cp", "-aT", "broken", "freedom");
        known.compose("up", "-d", "--build").succeeded();
        return known;
    }

    private static long moves(Platform platform) {
        return platform.git("reflog", "--format=%H").lines().count();
    }

    private String start(Platform broken, String why) {
        plane.rollbackctl("start", broken.name, "--reason", why).succeeded();
        return plane.lastRollback(broken.name);
    }

    private List<HistoryEvent> events(String rollback) {
        return plane.events(Objects.requireNonNull(platform).name).stream()
                .filter(event -> rollback.equals(event.getRollbackId()))
                .toList();
    }

    private Optional<HistoryEvent> first(String rollback, Predicate<HistoryEvent> wanted) {
        var found = new ArrayList<HistoryEvent>();
        try {
            await().atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(5))
                    .ignoreExceptionsInstanceOf(KafkaException.class)
                    .until(() -> {
                        events(rollback).stream().filter(wanted).findFirst().ifPresent(found::add);
                        return !found.isEmpty();
                    });
        } catch (ConditionTimeoutException e) {
            return Optional.empty();
        }
        return Optional.of(found.getFirst());
    }

    // ---- what is killed ---------------------------------------------------------------------------

    /** Before anything is begun: what others use is not killed. */
    private static void requireOurs(String victim) {
        if (victim.equals("engine")) {
            assumeThat(engine())
                    .as("an engine that `scripts/engine start` started")
                    .isPresent();
        }
    }

    /** Process id of the engine, where it is one that `scripts/engine` started on this machine. */
    private static Optional<String> engine() {
        var status = Shell.run(
                Path.of("/"), Shell.checkout().resolve("scripts/engine").toString(), "status");
        return OURS.matcher(status.output())
                .results()
                .map(found -> found.group(1))
                .findFirst();
    }

    /** Returns whether it ran, and starts it again. */
    private boolean kill(Platform broken, String victim) {
        switch (victim) {
            case "postgres" -> {
                return killPostgres(broken);
            }
            case "engine" -> killEngine();
            default -> {
                plane.kill(victim);
                plane.start(victim);
            }
        }
        return true;
    }

    private static boolean killPostgres(Platform broken) {
        var container = broken.ids().get("postgres");
        if (container == null) {
            return false;
        }
        var pid = Shell.run(Path.of("/"), "docker", "inspect", "--format", "{{.State.Pid}}", container)
                .output()
                .strip();
        if (!pid.matches("[1-9]\\d*")) {
            return false;
        }
        // With an engine on another machine that would be another's.
        if (!Shell.run(Path.of("/"), "cat", "/proc/" + pid + "/comm")
                .output()
                .strip()
                .equals("postgres")) {
            throw new AssertionError("the platform's server is no process of this machine");
        }
        // The engine starts it again, as compose has told it to.
        Shell.run(Path.of("/"), "kill", "-9", pid).succeeded();
        return true;
    }

    private static void killEngine() {
        Shell.run(Path.of("/"), "kill", "-9", engine().orElseThrow()).succeeded();
        Shell.run(Path.of("/"), Shell.checkout().resolve("scripts/engine").toString(), "start")
                .succeeded();
    }

    // ---- what became of it ------------------------------------------------------------------------

    /** Where the platform was before. */
    private record State(String head, String changes, String services, String data, long points, long moves) {
        static State of(Platform platform) {
            await("the database server answers")
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> platform.compose("exec", "-T", "postgres", "pg_isready", "-q")
                                    .exitCode()
                            == 0);
            return new State(
                    platform.git("rev-parse", "HEAD"),
                    platform.git("status", "--porcelain=v2", "--branch", "--ignored"),
                    platform.containers(),
                    platform.data(),
                    points(platform),
                    ChaosLab.moves(platform));
        }

        private static long points(Platform platform) {
            return platform.run("ls", platform.backups.toString())
                    .lines()
                    .filter(name -> name.startsWith("rb-"))
                    .count();
        }
    }

    /** PostgreSQL is the one that may have been killed, and what waits for it may be starting. */
    private static String undisturbed(String services) {
        return services.replaceAll(" (running|restarting|crashing|created)", "");
    }

    private Ending ending(String rollback, State before, Platform broken, boolean killed, RollbackFinished finished) {
        var faults = new ArrayList<String>();
        var after = State.of(broken);
        expect(faults, after.data().equals(before.data()), "the data are not what they were");
        switch (finished.getOutcome()) {
            case SUCCEEDED -> {
                expect(faults, isHealthy(broken), "the platform is not healthy");
                expect(
                        faults,
                        broken.git("describe", "--tags", "--always").equals("graveyard/pre-reset"),
                        "not at the tag");
                expect(faults, broken.git("status", "--porcelain").isEmpty(), "the work tree is not clean");
                expect(faults, broken.containers().lines().count() == 5, "not one container of each service");
                expect(faults, after.points() == before.points() + 1, "not one restore point");
                expect(faults, after.moves() == before.moves() + moves, "HEAD was moved more than once");
            }
            case COMPENSATED, REFUSED -> {
                expect(faults, after.head().equals(before.head()), "HEAD is not where it was");
                expect(faults, after.changes().equals(before.changes()), "the work tree is not as it was");
                expect(
                        faults,
                        undisturbed(after.services()).equals(undisturbed(before.services())),
                        "the services are not as they were: " + after.services());
                expect(faults, !finished.getReason().isBlank(), "no reason is given");
            }
            default -> faults.add("it needs an operator: " + finished.getReason());
        }
        var successes = new HashMap<String, Integer>();
        var events = events(rollback);
        for (var event : events) {
            if (event.getEvent() instanceof StepSucceeded step) {
                successes.merge((step.getCompensation() ? "undo of " : "") + step.getStepId(), 1, Integer::sum);
            }
        }
        successes.forEach((step, times) -> expect(faults, times == 1, step + " succeeded " + times + " times"));
        var verified = plane.rollbackctl("history", "verify", "--platform", broken.name);
        expect(faults, verified.exitCode() == 0, verified.output());
        return new Ending(
                finished.getOutcome()
                        + (finished.getOutcome() == Outcome.SUCCEEDED ? "" : ": " + finished.getReason())
                        + (killed ? "" : " (it did not run)"),
                events.stream()
                        .filter(event -> event.getEvent() instanceof AttemptFailed)
                        .count(),
                finished.getTook(),
                finished.getDowntime(),
                faults);
    }

    /** At once, or soon where its database server was killed last. */
    private static boolean isHealthy(Platform platform) {
        try {
            await().atMost(Duration.ofMinutes(1)).until(() -> platform.health().exitCode() == 0);
            return true;
        } catch (ConditionTimeoutException e) {
            return false;
        }
    }

    private static void expect(List<String> faults, boolean right, String otherwise) {
        if (!right) {
            faults.add(otherwise);
        }
    }

    private void close(Platform broken) {
        platform = null;
        try {
            broken.close();
        } catch (AssertionError e) {
            System.out.println("chaos: " + e.getMessage()); // The cell has failed already.
        }
    }

    @Override
    public void close() {
        try (plane) {
            var left = platform;
            if (left != null) {
                close(left);
            }
        }
    }
}
