package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.StopWriters;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.step.Plan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a plan means for the database server: whether it runs on, and why (ADR 9). */
final class DatabaseServer {
    private DatabaseServer() {}

    /** One line; empty where the plan removes no containers, or knows of no database. */
    static Optional<String> fate(Plan plan) {
        var services = actions(plan, StopWriters.class).stream()
                .flatMap(stop -> stop.getExcept().stream())
                .findFirst();
        var down = actions(plan, ComposeDown.class).stream().findFirst();
        return services.flatMap(service -> down.map(removal -> removal.getKeep().contains(service)
                ? service + " keeps running if definition, image and mounted files are the same in both versions: "
                        + "its data stay, and " + noBreach(plan)
                : service + " is restarted" + why(plan)));
    }

    private static String noBreach(Plan plan) {
        return plan.getIncidentClass() == null
                ? "no security breach was named"
                : "a " + Texts.lower(plan.getIncidentClass()) + " is no security breach";
    }

    private static String why(Plan plan) {
        var reasons = new ArrayList<String>();
        if (plan.getRestorePoint() != null) {
            reasons.add("its data are restored");
        }
        if (plan.getIncidentClass() == IncidentClass.SECURITY_BREACH) {
            reasons.add("what ran during a security breach is not trusted");
        }
        return reasons.isEmpty() ? "" : ": " + String.join(", and ", reasons);
    }

    private static <A> List<A> actions(Plan plan, Class<A> wanted) {
        return plan.getSteps().stream()
                .map(step -> step.getAction().getAction())
                .filter(wanted::isInstance)
                .map(wanted::cast)
                .toList();
    }
}
