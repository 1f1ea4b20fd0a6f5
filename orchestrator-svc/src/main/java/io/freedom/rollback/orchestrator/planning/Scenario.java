package io.freedom.rollback.orchestrator.planning;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** A named procedure of the runbook. A further one is a file that writes its steps, and a line here. */
public enum Scenario {
    /** The six phases: back to the target tag, the database restored from a restore point where one is given. */
    FULL_ROLLBACK("full-rollback", FullRollback::write, Trait.CHOSEN_BY_OPERATORS, Trait.ANSWERS_INCIDENTS),
    /** Phases 1 and 2 alone: a verified restore point, nothing stopped. */
    RESTORE_POINT("restore-point", Preservation::write, Trait.CHOSEN_BY_OPERATORS),
    /** Looks whether the platform could be rolled back; changes nothing. */
    PLATFORM_CHECK("platform-check", PlatformCheck::write);

    private enum Trait {
        /** With {@code rollbackctl start}. */
        CHOSEN_BY_OPERATORS,
        /** A further incident is joined to it; otherwise the incident waits until it has ended. */
        ANSWERS_INCIDENTS
    }

    private final String id;
    private final Consumer<PlanDraft> steps;
    private final Set<Trait> traits;

    Scenario(String id, Consumer<PlanDraft> steps, Trait... traits) {
        this.id = id;
        this.steps = steps;
        this.traits = Set.of(traits);
    }

    public String id() {
        return id;
    }

    void write(PlanDraft plan) {
        steps.accept(plan);
    }

    public boolean answersIncidents() {
        return traits.contains(Trait.ANSWERS_INCIDENTS);
    }

    public boolean chosenByOperators() {
        return traits.contains(Trait.CHOSEN_BY_OPERATORS);
    }

    public static Optional<Scenario> of(String id) {
        return Arrays.stream(values())
                .filter(scenario -> scenario.id.equals(id))
                .findFirst();
    }

    /** Those that an operator may choose. */
    public static String ids() {
        return Arrays.stream(values())
                .filter(Scenario::chosenByOperators)
                .map(Scenario::id)
                .collect(Collectors.joining(", "));
    }
}
