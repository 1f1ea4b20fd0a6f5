package io.freedom.rollback.ctl.view;

import java.util.Set;

/** What scenarios mean to who reads about them. */
public final class Scenarios {
    private static final Set<String> SHOWING = Set.of("platform-check", "preview");

    private Scenarios() {}

    /** A check, or the look of a plan: shows something to whoever asked for it, and answers no incident. */
    public static boolean onlyShows(String scenario) {
        return SHOWING.contains(scenario);
    }
}
