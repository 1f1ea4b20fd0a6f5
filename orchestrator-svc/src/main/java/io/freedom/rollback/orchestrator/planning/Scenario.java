package io.freedom.rollback.orchestrator.planning;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** A named procedure of the runbook. */
public enum Scenario {
    /** The six phases: back to the target tag, the database restored from a restore point where one is given. */
    FULL_ROLLBACK("full-rollback", true),
    /** Phases 1 and 2 alone: a verified restore point, nothing stopped. */
    RESTORE_POINT("restore-point", false),
    /** Looks whether the platform could be rolled back, and how it is; writes nothing. */
    PLATFORM_CHECK("platform-check", false);

    private final String id;
    private final boolean answersIncidents;

    Scenario(String id, boolean answersIncidents) {
        this.id = id;
        this.answersIncidents = answersIncidents;
    }

    public String id() {
        return id;
    }

    /** A further incident is joined to it; otherwise the incident waits until it has ended. */
    public boolean answersIncidents() {
        return answersIncidents;
    }

    public static Optional<Scenario> of(String id) {
        return Arrays.stream(values())
                .filter(scenario -> scenario.id.equals(id))
                .findFirst();
    }

    /** Those that an operator may choose. */
    public static String ids() {
        return Arrays.stream(values())
                .filter(scenario -> scenario != PLATFORM_CHECK)
                .map(Scenario::id)
                .collect(Collectors.joining(", "));
    }
}
