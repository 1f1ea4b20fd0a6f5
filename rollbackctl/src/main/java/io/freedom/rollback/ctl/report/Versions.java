package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Chronicle.Found;
import io.freedom.rollback.ctl.report.Report.Version;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.ComposeIsUp;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.ContainersRestored;
import io.freedom.rollback.schemas.action.DatabaseDumped;
import io.freedom.rollback.schemas.action.DatabaseReady;
import io.freedom.rollback.schemas.action.GitStateRecorded;
import io.freedom.rollback.schemas.action.PathsCheckedOut;
import io.freedom.rollback.schemas.action.ReturnedToPrevious;
import io.freedom.rollback.schemas.action.ServicesHealthy;
import io.freedom.rollback.schemas.action.TargetCheckedOut;
import io.freedom.rollback.schemas.step.Phase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Code, images and database server before and after; what no step looked at is not known. */
final class Versions {
    static final String NOT_KNOWN = "not known";
    private static final String UNCHANGED = "unchanged";

    private record Seen(Instant at, List<ContainerState> containers) {}

    private final Chronicle chronicle;

    Versions(Chronicle chronicle) {
        this.chronicle = chronicle;
    }

    List<Version> all() {
        var versions = new ArrayList<Version>();
        versions.add(new Version("Git", gitBefore(), gitAfter()));
        versions.addAll(images());
        var server = new Version("Database server", serverBefore(), serverAfter());
        if (!server.before().equals(NOT_KNOWN) || !server.after().equals(NOT_KNOWN)) {
            versions.add(server);
        }
        chronicle
                .last(ContainersRecorded.class)
                .map(Found::result)
                .ifPresent(tools -> versions.add(new Version(
                        "Docker engine / compose",
                        tools.getEngineVersion() + " / " + tools.getComposeVersion(),
                        "not looked at again")));
        return versions;
    }

    // ---- git --------------------------------------------------------------------------------------

    private String gitBefore() {
        return chronicle
                .last(GitStateRecorded.class)
                .map(Found::result)
                .map(state -> commit(state.getCommit(), state.getBranch())
                        + (state.getDirtyPaths().isEmpty()
                                ? ""
                                : ", " + Words.count(state.getDirtyPaths().size(), "paths") + " changed"))
                .or(() -> chronicle
                        .last(TargetCheckedOut.class)
                        .map(found -> Words.brief(found.result().getPreviousCommit())))
                .orElse(NOT_KNOWN);
    }

    private String gitAfter() {
        var back = chronicle.found(ReturnedToPrevious.class, true);
        if (!back.isEmpty()) {
            var state = back.getLast().result();
            return commit(state.getCommit(), state.getBranch()) + ", as before";
        }
        var out = chronicle.last(TargetCheckedOut.class);
        if (out.isPresent()) {
            return chronicle.wasUndone(out.get().step().getId())
                    ? NOT_KNOWN
                    : commit(out.get().result().getCommit(), chronicle.plan().getTarget());
        }
        var paths = chronicle.last(PathsCheckedOut.class);
        if (paths.isPresent() && !chronicle.wasUndone(paths.get().step().getId())) {
            return gitBefore() + ", but "
                    + Words.count(paths.get().result().getChanged().size(), "files") + " from "
                    + Words.brief(paths.get().result().getCommit());
        }
        boolean begun = chronicle.plan().getSteps().stream()
                .filter(step -> step.getPhase() == Phase.REVERT)
                .anyMatch(step -> !chronicle.attempts(step.getId(), false).isEmpty());
        return begun || gitBefore().equals(NOT_KNOWN) ? NOT_KNOWN : UNCHANGED;
    }

    private static String commit(String commit, @Nullable String name) {
        return name == null ? Words.brief(commit) + " (detached)" : Words.brief(commit) + " (" + name + ")";
    }

    // ---- images -----------------------------------------------------------------------------------

    private List<Version> images() {
        var before = chronicle
                .last(ContainersRecorded.class)
                .map(found -> byService(found.result().getContainers()))
                .orElse(Map.of());
        var lastSeen = lastSeen();
        var after = lastSeen.map(seen -> byService(seen.containers())).orElse(Map.of());
        var services = new TreeSet<>(before.keySet());
        services.addAll(after.keySet());
        return services.stream()
                .map(service -> new Version(
                        "Image of " + service,
                        before.getOrDefault(service, before.isEmpty() ? NOT_KNOWN : "no container"),
                        after.getOrDefault(service, lastSeen.isPresent() ? "no container" : notSeen())))
                .toList();
    }

    private String notSeen() {
        boolean touched = chronicle.plan().getSteps().stream()
                .filter(step -> step.getAction().getAction() instanceof ComposeDown
                        || step.getAction().getAction() instanceof ComposeUp)
                .anyMatch(step -> !chronicle.attempts(step.getId(), false).isEmpty());
        return touched ? NOT_KNOWN : UNCHANGED;
    }

    /** The last look at the project's containers; once undoing began, only what was seen after counts. */
    private Optional<Seen> lastSeen() {
        var looks = new ArrayList<Seen>();
        if (chronicle.compensation().isPresent()) {
            look(looks, chronicle.found(ContainersRestored.class, true), ContainersRestored::getContainers);
        } else {
            look(looks, chronicle.found(ComposeIsUp.class), ComposeIsUp::getContainers);
            look(looks, chronicle.found(ServicesHealthy.class), ServicesHealthy::getContainers);
        }
        return looks.stream().max(Comparator.comparing(Seen::at));
    }

    private static <T> void look(List<Seen> looks, List<Found<T>> found, Function<T, List<ContainerState>> containers) {
        found.forEach(f -> looks.add(new Seen(f.at(), containers.apply(f.result()))));
    }

    private static Map<String, String> byService(List<ContainerState> containers) {
        var images = new TreeMap<String, TreeSet<String>>();
        containers.forEach(container -> images.computeIfAbsent(container.getService(), _ -> new TreeSet<>())
                .add(Words.brief(container.getImageId()) + " (" + container.getImage() + ")"));
        var texts = new TreeMap<String, String>();
        images.forEach((service, ids) -> texts.put(service, String.join(", ", ids)));
        return texts;
    }

    // ---- database server --------------------------------------------------------------------------

    private String serverBefore() {
        return chronicle
                .last(DatabaseDumped.class)
                .map(found -> found.result().getServerVersion())
                .orElse(NOT_KNOWN);
    }

    /** Only what was asked after the containers changed says anything about after. */
    private String serverAfter() {
        return chronicle.found(DatabaseReady.class).stream()
                .filter(found -> found.step().getPhase().compareTo(Phase.RECOVER) >= 0)
                .reduce((_, last) -> last)
                .filter(_ -> chronicle.compensation().isEmpty())
                .map(found -> found.result().getServerVersion())
                .orElse(NOT_KNOWN);
    }
}
