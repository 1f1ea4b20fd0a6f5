package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import java.util.Set;

/** What scenarios mean to who reads about them. */
public final class Scenarios {
    private static final Set<String> SHOWING = Set.of("platform-check", "preview");

    /** In the ids of steps that make and remove the copy of a drill. */
    private static final String COPYING = ".drill-";

    private Scenarios() {}

    /** A step that a drill's scenario has as well, up to where it is validated. */
    public static boolean isPlayed(PlanStep step) {
        return !step.getId().contains(COPYING) && step.getPhase() != Phase.FINISH;
    }

    /** A check, or the look of a plan: shows something to whoever asked for it, and answers no incident. */
    public static boolean onlyShows(String scenario) {
        return SHOWING.contains(scenario);
    }
}
