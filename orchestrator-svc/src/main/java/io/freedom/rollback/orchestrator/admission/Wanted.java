package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.orchestrator.planning.SelectiveRollback;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.PreviewPlan;
import io.freedom.rollback.schemas.operator.StartRollback;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What somebody wants of a platform, as asked for.
 *
 * @param target git tag; null for the descriptor's
 * @param restorePoint id, {@code latest}, {@code none} to keep the data whatever the scenario suggests, or null
 * @param services empty for those that suit the scenario
 * @param kind class of the incident that is answered; null when not said
 * @param parts of a restore point's files; empty for all
 */
record Wanted(
        Scenario scenario,
        @Nullable String target,
        @Nullable String restorePoint,
        List<String> services,
        @Nullable IncidentClass kind,
        List<String> parts) {

    Wanted(
            Scenario scenario,
            @Nullable String target,
            @Nullable String restorePoint,
            List<String> services,
            @Nullable IncidentClass kind) {
        this(scenario, target, restorePoint, services, kind, List.of());
    }

    /** Labels that alerts name a service with. */
    private static final List<String> LABELS = List.of("service", "compose_service");

    /** Label with which an alert names its scenario. */
    private static final String SCENARIO_LABEL = "rollback_scenario";

    static Wanted by(StartRollback start, PlatformDescriptor platform) throws Refused {
        return new Wanted(
                scenario(start.getScenario(), start.getIncidentClass(), platform),
                start.getTarget(),
                start.getRestorePoint(),
                start.getServices(),
                start.getIncidentClass(),
                start.getParts());
    }

    static Wanted by(PreviewPlan preview, PlatformDescriptor platform) throws Refused {
        return new Wanted(
                scenario(preview.getScenario(), preview.getIncidentClass(), platform),
                preview.getTarget(),
                preview.getRestorePoint(),
                preview.getServices(),
                preview.getIncidentClass(),
                preview.getParts());
    }

    /** @throws Refused where neither the alert nor the descriptor has a scenario for such an incident */
    static Wanted by(Incident incident, PlatformDescriptor platform) throws Refused {
        var scenario = labelled(incident);
        if (scenario == null) {
            scenario = scenarioOf(incident.getIncidentClass(), platform)
                    .orElseThrow(
                            () -> new Refused("the descriptor names no scenario for " + incident.getIncidentClass()));
        }
        if (!scenario.startedByIncidents()) {
            throw new Refused(
                    scenario.id() + " is never started by an incident: start it by hand with `rollbackctl start "
                            + platform.name() + " --scenario " + scenario.id() + " --reason …`");
        }
        var services = services(incident, platform);
        // Where the alert says which services, nobody needs to look.
        if (scenario == Scenario.SELECTIVE_ROLLBACK && !services.isEmpty() && canGoBackAlone(services, platform)) {
            scenario = Scenario.SERVICE_ROLLBACK;
        }
        return new Wanted(
                scenario, null, null, scenario.isOfServices() ? services : List.of(), incident.getIncidentClass());
    }

    /**
     * What the alert's rule asks for: whoever wrote it knows that memory leaks, or that a model hangs. A corruption and a breach
     * are answered as the descriptor says, whatever a label says. Null where there is none.
     */
    private static @Nullable Scenario labelled(Incident incident) throws Refused {
        var label = incident.getEvidence().get(SCENARIO_LABEL);
        boolean followed = switch (incident.getIncidentClass()) {
            case SERVICE_DEGRADATION, DEPLOYMENT_FAILURE -> true;
            case DATA_CORRUPTION, SECURITY_BREACH -> false;
        };
        if (label == null || label.isBlank() || !followed) {
            return null;
        }
        var scenario = Scenario.of(label.strip())
                .filter(Scenario::chosenByOperators)
                .orElseThrow(() -> new Refused("the alert's label " + SCENARIO_LABEL + " names \"" + label
                        + "\", which is no scenario: choose one of " + Scenario.ids()));
        if (scenario.needsRestorePoint()) {
            throw new Refused("the alert's label " + SCENARIO_LABEL + " names " + scenario.id()
                    + ", which is no answer to " + incident.getIncidentClass()
                    + ": data that nobody called corrupt are not given up because of an alert");
        }
        return scenario;
    }

    private static boolean canGoBackAlone(List<String> services, PlatformDescriptor platform) {
        var database = platform.database();
        return platform.services().stream()
                .filter(service -> services.contains(service.name()))
                .allMatch(service -> !service.paths().isEmpty()
                        && (database == null || !service.name().equals(database.service())));
    }

    /** @param target of what was looked at */
    static Wanted by(SelectiveRollback.Choice.Services choice, @Nullable String target, @Nullable IncidentClass kind) {
        return new Wanted(Scenario.SERVICE_ROLLBACK, target, null, choice.names(), kind);
    }

    static Wanted restart(IncidentClass kind) {
        return new Wanted(Scenario.SERVICE_RESTART, null, null, List.of(), kind);
    }

    static Wanted whole(@Nullable String target, @Nullable IncidentClass kind) {
        return new Wanted(Scenario.FULL_ROLLBACK, target, null, List.of(), kind);
    }

    /** As far as the descriptor knows them: an alert's labels are not written for us. */
    private static List<String> services(Incident incident, PlatformDescriptor platform) {
        return LABELS.stream()
                .flatMap(label -> Stream.ofNullable(incident.getEvidence().get(label)))
                .flatMap(names -> Arrays.stream(names.split("[,\\s]+")))
                .filter(name -> platform.services().stream()
                        .anyMatch(service -> service.name().equals(name)))
                .distinct()
                .toList();
    }

    /** What the descriptor has for such an incident, where this is something else; null where it is not. */
    @Nullable
    String overrides(PlatformDescriptor platform) {
        var named = kind == null ? null : platform.incidents().get(kind.name());
        return scenario.id().equals(named) ? null : named;
    }

    private static Optional<Scenario> scenarioOf(IncidentClass kind, PlatformDescriptor platform) {
        return Optional.ofNullable(platform.incidents().get(kind.name())).flatMap(Scenario::of);
    }

    private static Scenario scenario(String id, @Nullable IncidentClass kind, PlatformDescriptor platform)
            throws Refused {
        if (id.isEmpty() && kind != null) {
            return scenarioOf(kind, platform)
                    .orElseThrow(() -> new Refused("the descriptor names no scenario for " + kind
                            + ": such an incident starts nothing. Choose one of " + Scenario.ids()));
        }
        return Scenario.of(id)
                .filter(Scenario::chosenByOperators)
                .orElseThrow(() -> new Refused("there is no scenario " + id + ": choose one of " + Scenario.ids()));
    }
}
