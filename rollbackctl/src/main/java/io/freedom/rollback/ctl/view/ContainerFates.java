package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.ContainersForecast;
import io.freedom.rollback.schemas.action.PrepareImages;
import io.freedom.rollback.schemas.action.RestartServices;
import io.freedom.rollback.schemas.action.ServiceForecast;
import io.freedom.rollback.schemas.action.StartWriters;
import io.freedom.rollback.schemas.action.StopServices;
import io.freedom.rollback.schemas.action.StopWriters;
import io.freedom.rollback.schemas.step.Plan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** What becomes of each service's containers under a plan, given how they differ from the target. */
final class ContainerFates {
    private static final String ANEW = "made anew";
    private static final String NEW = "new";
    private static final String REMOVED = "removed, the target has no such service";
    private static final String RESTARTED = "restarted, same containers";
    private static final String PAUSED = "stopped meanwhile, same containers";
    private static final String STAY = "running on";
    private static final String NONE = "";

    private final Plan plan;

    ContainerFates(Plan plan) {
        this.plan = plan;
    }

    /** Services by what becomes of them, e.g. "are made anew"; in the order in which that is worth knowing. */
    Map<String, List<String>> of(ContainersForecast forecast) {
        var fates = new LinkedHashMap<String, List<String>>();
        for (var fate : List.of(ANEW, NEW, REMOVED, RESTARTED, PAUSED, STAY)) {
            fates.put(fate, new ArrayList<>());
        }
        for (var service : forecast.getServices()) {
            fates.getOrDefault(fate(service), new ArrayList<>()).add(service.getService());
        }
        fates.values().removeIf(List::isEmpty);
        return fates;
    }

    private String fate(ServiceForecast service) {
        var name = service.getService();
        var down = first(ComposeDown.class)
                .filter(step ->
                        step.getServices().isEmpty() || step.getServices().contains(name));
        var up = first(
                ComposeUp.class,
                step -> step.getServices().isEmpty() || step.getServices().contains(name));
        boolean keeps = down.isEmpty() || down.get().getKeep().contains(name);
        if (service.getContainers() == 0) {
            return up.isPresent() && service.getWanted() > 0 && !up.get().getAsRecorded() ? NEW : NONE;
        }
        if (service.getWanted() == 0 && down.isPresent()) {
            return REMOVED;
        }
        boolean madeAnew = up.isPresent() && (up.get().getRecreate() || service.getChanges() || !keeps);
        if (madeAnew || !keeps) {
            return ANEW;
        }
        if (first(RestartServices.class)
                .filter(step ->
                        step.getServices().isEmpty() || step.getServices().contains(name))
                .isPresent()) {
            return RESTARTED;
        }
        boolean stops = first(StopWriters.class)
                        .filter(step -> !step.getExcept().contains(name))
                        .isPresent()
                && first(StartWriters.class).isPresent();
        return stops ? PAUSED : STAY;
    }

    /** Whether it ends processes of the platform. */
    boolean stopsServices() {
        return first(RestartServices.class).isPresent()
                || first(StopServices.class).isPresent()
                || first(StopWriters.class).isPresent()
                || first(ComposeDown.class).isPresent();
    }

    /** Images that are built even though they are here. */
    boolean isBuiltAnyway(String service) {
        return first(PrepareImages.class)
                .filter(step -> !step.getReuse()
                        && (step.getServices().isEmpty() || step.getServices().contains(service)))
                .isPresent();
    }

    /** Whether the plan makes images, of this service among others. */
    boolean usesImageOf(String service) {
        return first(PrepareImages.class)
                .filter(step ->
                        step.getServices().isEmpty() || step.getServices().contains(service))
                .isPresent();
    }

    <A> Optional<A> first(Class<A> action) {
        return first(action, _ -> true);
    }

    private <A> Optional<A> first(Class<A> action, Predicate<A> fitting) {
        return plan.getSteps().stream()
                .map(step -> step.getAction().getAction())
                .filter(action::isInstance)
                .map(action::cast)
                .filter(fitting)
                .findFirst();
    }
}
