package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.action.BackupSpaceChecked;
import io.freedom.rollback.schemas.action.CheckOutPaths;
import io.freedom.rollback.schemas.action.CheckOutTarget;
import io.freedom.rollback.schemas.action.ContainersForecast;
import io.freedom.rollback.schemas.action.DatabaseServerChecked;
import io.freedom.rollback.schemas.action.FilesChecked;
import io.freedom.rollback.schemas.action.ImageSource;
import io.freedom.rollback.schemas.action.ImportData;
import io.freedom.rollback.schemas.action.PrepareImages;
import io.freedom.rollback.schemas.action.PreserveChanges;
import io.freedom.rollback.schemas.action.PruneImages;
import io.freedom.rollback.schemas.action.RemoveVolumes;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.RowsChange;
import io.freedom.rollback.schemas.action.ServiceForecast;
import io.freedom.rollback.schemas.action.SetFilesAside;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a plan would do to the platform as it is right now, and what it would stumble over; from the history of the look that
 * goes with the plan.
 */
public final class Outlook {
    /** As many paths as a worker lists: there may be more. */
    private static final int LISTED = 1000;

    private static final int NAMED = 5;
    private static final int LABEL = 18;

    private final Plan plan;
    private final ContainerFates fates;
    private final Map<Class<?>, Object> found = new LinkedHashMap<>();
    private final Map<String, String> failed = new TreeMap<>();
    private List<PlanStep> steps = List.of();
    /** Why the look did not get to its end; empty where it did. */
    private String unfinished = "the history has nothing of its end; do the clocks of the machines agree?";

    private Outlook(Plan plan) {
        this.plan = plan;
        fates = new ContainerFates(plan);
    }

    /** @param look history of the look, in order */
    public static Outlook of(Plan plan, Collection<HistoryEvent> look) {
        var outlook = new Outlook(plan);
        look.forEach(event -> outlook.read(event.getEvent()));
        return outlook;
    }

    private void read(Object event) {
        switch (event) {
            case RollbackStarted started -> steps = started.getPlan().getSteps();
            case StepSucceeded done
            when !done.getCompensation() ->
                found.put(
                        done.getResult().getResult().getClass(),
                        done.getResult().getResult());
            case StepFailed failure -> failed.put(failure.getStepId(), failure.getMessage());
            case RollbackFinished finished ->
                unfinished = finished.getOutcome() == Outcome.SUCCEEDED ? "" : finished.getReason();
            default -> {}
        }
    }

    private <R> Optional<R> result(Class<R> type) {
        return Optional.ofNullable(found.get(type)).map(type::cast);
    }

    // ---- what is wrong --------------------------------------------------------------------------

    /** What would keep the plan from getting through, one line each. */
    public List<String> problems() {
        var problems = new ArrayList<String>();
        if (!unfinished.isEmpty()) {
            problems.add("The look did not get to its end: " + unfinished);
        }
        for (var step : steps) {
            var message = failed.get(step.getId());
            // One that waits for a failed one has nothing of its own to say.
            boolean follows = step.getDependsOn().stream().anyMatch(failed::containsKey);
            if (message != null && !follows && isVital(step)) {
                problems.add(step.getTitle() + ": " + message);
            }
        }
        result(ContainersForecast.class).ifPresent(forecast -> problems.addAll(forecast.getProblems()));
        result(DatabaseServerChecked.class)
                .filter(_ -> !beginsAnew())
                .ifPresent(server -> problems.addAll(server.getProblems()));
        return problems;
    }

    private List<String> warnings() {
        var warnings = new ArrayList<String>();
        for (var step : steps) {
            var message = failed.get(step.getId());
            if (message != null && !isVital(step)) {
                warnings.add(step.getTitle() + ": " + message);
            }
        }
        result(ContainersForecast.class).ifPresent(forecast -> warnings.addAll(forecast.getWarnings()));
        result(DatabaseServerChecked.class).ifPresent(server -> {
            warnings.addAll(server.getWarnings());
            if (beginsAnew()) {
                warnings.addAll(server.getProblems());
            }
        });
        return warnings;
    }

    /** Whether the plan cannot do without what the step looked at. */
    private boolean isVital(PlanStep looked) {
        return switch (looked.getId()) {
            case "backup.check-server" -> needsDatabase();
            case "git.remove-worktree" -> false;
            default -> true;
        };
    }

    /** Its volume goes, and with it what the server of before has left there. */
    private boolean beginsAnew() {
        return fates.first(RemoveVolumes.class).isPresent();
    }

    /** A database that is to be replaced need not be readable. */
    private boolean needsDatabase() {
        return plan.getSteps().stream()
                .anyMatch(step ->
                        step.getId().equals("backup.database") && step.getOnFailure() != FailurePolicy.CONTINUE);
    }

    // ---- as text --------------------------------------------------------------------------------

    public List<String> lines(Style style) {
        var lines = new ArrayList<String>();
        lines.add("");
        lines.add(style.bold("Right now it would mean"));
        effects().forEach((what, values) -> {
            for (int i = 0; i < values.size(); i++) {
                lines.add("  " + Texts.pad(i == 0 ? what : "", LABEL) + values.get(i));
            }
        });
        lines.add("");
        var problems = problems();
        var verdict = problems.isEmpty() ? "Nothing stands in its way" : "It would not get through" + stopsAllTheSame();
        lines.add(style.bold(unfinished.isEmpty() ? verdict : "Not all of it is known"));
        checks().forEach(check -> lines.add(style.green("  ✔ ") + check));
        problems.forEach(problem -> lines.add(style.red("  ✘ " + Texts.cut(problem, 4000))));
        warnings().forEach(warning -> lines.add(style.yellow("  ! " + Texts.cut(warning, 4000))));
        return lines;
    }

    /** Images are made, and ports and databases looked at, before anything is stopped; but an intruder is stopped first. */
    private String stopsAllTheSame() {
        if (plan.getIncidentClass() == IncidentClass.SECURITY_BREACH) {
            return "; services are stopped first all the same, and what fails is held for you";
        }
        return fates.first(PrepareImages.class).isPresent() || !fates.stopsServices()
                ? "; nothing would be stopped"
                : "; what it did until then would be undone";
    }

    public Map<String, Object> json() {
        var json = new LinkedHashMap<String, Object>();
        json.put("platform", plan.getPlatform());
        json.put("wouldGetThrough", problems().isEmpty());
        json.put("effects", effects());
        json.put("checks", checks());
        json.put("problems", problems());
        json.put("warnings", warnings());
        found.forEach((type, value) -> json.put(
                Character.toLowerCase(type.getSimpleName().charAt(0))
                        + type.getSimpleName().substring(1),
                value));
        return json;
    }

    /** Lines by what they are about; those that could not be found out are left out. */
    private Map<String, List<String>> effects() {
        var effects = new LinkedHashMap<String, List<String>>();
        result(TargetVerified.class).ifPresent(git -> {
            effects.put("files", List.of(files(git)));
            effects.put("dirty work", List.of(dirtyWork(git)));
        });
        result(ContainersForecast.class).ifPresent(forecast -> {
            effects.put("containers", containers(forecast));
            var images = images(forecast);
            if (!images.isEmpty()) {
                effects.put("images", images);
            }
        });
        var data = data();
        if (!data.isEmpty()) {
            effects.put("data", data);
        }
        if (fates.first(SetFilesAside.class).isPresent()) {
            effects.put("other files", List.of("all that git does not track is moved away, and back by undoing"));
        }
        effects.put("cannot be undone", irreversible());
        return effects;
    }

    private String files(TargetVerified git) {
        var changing = changing(git);
        var behind = git.getCommitsSince() == 0 ? "" : ", " + count(git.getCommitsSince(), "commit") + " behind HEAD";
        return changing.isEmpty()
                ? "none change"
                : (changing.size() >= LISTED ? "more than " : "") + count(changing.size(), "path") + " to "
                        + plan.getTarget() + behind + ": " + few(changing);
    }

    private List<String> changing(TargetVerified git) {
        var differing = git.getDifferingPaths();
        if (fates.first(CheckOutTarget.class).isPresent()) {
            return differing;
        }
        var paths =
                fates.first(CheckOutPaths.class).map(CheckOutPaths::getPaths).orElse(List.of());
        return differing.stream()
                .filter(path -> paths.stream().anyMatch(part -> isWithin(path, part)))
                .toList();
    }

    private static boolean isWithin(String path, String part) {
        return path.equals(part) || path.startsWith(part.endsWith("/") ? part : part + "/");
    }

    private String dirtyWork(TargetVerified git) {
        int dirty = git.getDirtyPaths().size();
        int untracked = git.getUntrackedPaths().size();
        if (dirty + untracked == 0) {
            return "none: the work tree is clean";
        }
        var what = count(dirty, "changed path") + " and " + count(untracked, "untracked path") + ", "
                + few(Stream.concat(git.getDirtyPaths().stream(), git.getUntrackedPaths().stream())
                        .toList());
        return fates.first(PreserveChanges.class).isPresent()
                ? what + ": kept under refs/rollback, and brought back by undoing"
                : what + ": not touched";
    }

    private List<String> containers(ContainersForecast forecast) {
        var lines = new ArrayList<String>();
        fates.of(forecast).forEach((fate, services) -> lines.add(fate + ": " + String.join(", ", services)));
        return lines.isEmpty() ? List.of("there are none") : lines;
    }

    private List<String> images(ContainersForecast forecast) {
        var built = new ArrayList<String>();
        var pulled = new ArrayList<String>();
        var here = new ArrayList<String>();
        for (var service : forecast.getServices()) {
            if (service.getWanted() > 0 && fates.usesImageOf(service.getService())) {
                (isBuilt(service) ? built : service.getSource() == ImageSource.PULLED ? pulled : here)
                        .add(service.getService());
            }
        }
        var lines = new ArrayList<String>();
        add(lines, "built before anything is stopped: ", built);
        add(lines, "pulled before anything is stopped: ", pulled);
        add(lines, "here already: ", here);
        return lines;
    }

    private boolean isBuilt(ServiceForecast service) {
        return service.getSource() == ImageSource.BUILT || fates.isBuiltAnyway(service.getService());
    }

    private static void add(List<String> lines, String what, List<String> services) {
        if (!services.isEmpty()) {
            lines.add(what + String.join(", ", services));
        }
    }

    private List<String> data() {
        boolean restores = fates.first(RestoreDatabase.class).isPresent();
        var server = result(DatabaseServerChecked.class);
        if (!restores && beginsAnew()) {
            return List.of(
                    "every volume of the project is removed: all databases of its server begin anew, with nothing but what the target puts into them",
                    "copies of the volumes are kept, and brought back by undoing");
        }
        if (!restores) {
            return server.isPresent() ? List.of("the database keeps what is in it") : List.of();
        }
        var lines = new ArrayList<String>();
        lines.add("the database and the others of its server go back to " + plan.getRestorePointTakenAt()
                + "; what is in them now is kept beside them until you give it up");
        server.ifPresent(checked -> {
            lines.add(given(checked));
            checked.getChanges().stream().limit(2L * NAMED).map(Outlook::change).forEach(lines::add);
            int more = checked.getChanges().size() - 2 * NAMED;
            if (more > 0) {
                lines.add("and " + more + " more tables (-o json has them all)");
            }
        });
        if (fates.first(ImportData.class).isPresent()) {
            lines.add("what the platform's own export has of it is carried over");
        }
        return lines;
    }

    private static String given(DatabaseServerChecked checked) {
        var transactions = checked.getTransactions() < 0
                ? "transactions since then: not known"
                : "given up: at most " + count(checked.getTransactions(), "transaction") + " since then";
        return checked.getChanges().isEmpty()
                ? transactions + "; every table has as many rows as then"
                : transactions + ", and rows of " + count(checked.getChanges().size(), "table") + ":";
    }

    private static String change(RowsChange change) {
        var database = change.getDatabase();
        var table = (database == null ? "" : database + ": ") + change.getSchema$() + "." + change.getTable();
        if (change.getThen() < 0) {
            return table + ": not there then, " + count(change.getNow(), "row") + " now";
        }
        if (change.getNow() < 0) {
            return table + ": comes back with " + count(change.getThen(), "row");
        }
        return table + ": " + String.format("%,d rows now, %,d then", change.getNow(), change.getThen());
    }

    private List<String> irreversible() {
        var lines = new ArrayList<String>();
        fates.first(PruneImages.class)
                .map(PruneImages::getReleased)
                .filter(released -> !released.isEmpty())
                .ifPresent(released -> lines.add("rollback " + String.join(", ", released)
                        + " can no longer be undone once this one has succeeded"));
        boolean pruned = !lines.isEmpty();
        if (fates.stopsServices()) {
            lines.add("what services held in memory that are stopped or restarted is gone");
        }
        if (!pruned) {
            lines.add((lines.isEmpty() ? "nothing" : "nothing else")
                    + ": what is changed is kept, and undone when a later step fails or with `rollbackctl undo`");
        }
        return lines;
    }

    /** What was looked at and is well, one line each. */
    private List<String> checks() {
        var checks = new ArrayList<String>();
        result(TargetVerified.class)
                .ifPresent(git -> checks.add("tag " + plan.getTarget() + " is there, with every critical path"));
        result(ContainersForecast.class).ifPresent(forecast -> {
            checks.add("its compose file can be read, "
                    + count(forecast.getServices().size(), "service"));
            if (forecast.getProblems().isEmpty()) {
                checks.add("no other container has its ports");
            }
        });
        result(FilesChecked.class)
                .ifPresent(files -> checks.add(count(files.getEnvKeys(), "required env key") + " with a value"));
        result(DatabaseServerChecked.class)
                .filter(server -> server.getProblems().isEmpty())
                .ifPresent(server -> checks.add("PostgreSQL " + server.getServerVersion()
                        + (server.getTargetVersion() == null ? "" : ", at the target " + server.getTargetVersion())
                        + ", its dump tools, " + count(server.getExtensions().size(), "extension")));
        result(BackupSpaceChecked.class)
                .ifPresent(space -> checks.add("disk: " + Texts.size(space.getRequired()) + " needed, "
                        + Texts.size(space.getFree()) + " free"));
        return checks;
    }

    private static String few(List<String> paths) {
        var named = String.join(", ", paths.stream().limit(NAMED).toList());
        int more = paths.size() - NAMED;
        return more > 0 ? named + " and " + more + " more" : named;
    }

    private static String count(long number, String noun) {
        return String.format("%,d %s%s", number, noun, number == 1 ? "" : "s");
    }
}
