package io.freedom.rollback.orchestrator.planning;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.platform.InvalidDescriptorException;
import io.freedom.rollback.platform.PlatformDescriptors;
import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A policy that asks two operators at night, before anything of the platform is changed. */
class ChangeGateTest {
    private static final String GATE = "orchestrator.approve-changes";
    private static final Instant NIGHT = Instant.parse("2026-03-01T03:00:00Z");

    static {
        TrustedSchemas.trust();
    }

    private static Plan plan(Scenario scenario, @Nullable IncidentClass incident, Instant at) {
        try {
            var platform = PlatformDescriptors.parse(
                    Descriptors.FREEDOM
                            + "approvals: {changes: [{classes: [SECURITY_BREACH], operators: 0}, {from: '22:00', until: '06:00', operators: 2}]}\n",
                    "platform.yaml");
            return Planner.compile(new PlanRequest(
                    platform,
                    "hash",
                    scenario,
                    "rb-1",
                    null,
                    null,
                    null,
                    incident,
                    ChosenServices.of(scenario, platform, List.of()),
                    Map.of(),
                    at,
                    null,
                    null,
                    null,
                    Set.of(),
                    List.of()));
        } catch (InvalidDescriptorException | ChosenServices.Unsuitable e) {
            throw new AssertionError(e);
        }
    }

    private static boolean changes(PlanStep step) {
        return step.getPhase().compareTo(Phase.SHUT_DOWN) >= 0
                && step.getPhase().compareTo(Phase.RECOVER) <= 0;
    }

    @ParameterizedTest
    @EnumSource(
            names = {"FULL_ROLLBACK", "SERVICE_RESTART", "PERFORMANCE_RELIEF", "MODEL_RESET", "CONFIGURATION_ROLLBACK"})
    void isPassedBeforeAnythingIsChangedAndHoldsBackNothingElse(Scenario scenario) {
        var plan = plan(scenario, null, NIGHT);

        var behind = new HashSet<String>();
        var seen = new ArrayList<String>();
        for (var step : plan.getSteps()) {
            assertThat(seen).as("in order").containsAll(step.getDependsOn());
            seen.add(step.getId());
            if (step.getId().equals(GATE) || step.getDependsOn().stream().anyMatch(behind::contains)) {
                behind.add(step.getId());
            }
            if (changes(step)) {
                assertThat(behind).contains(step.getId());
            }
            if (step.getPhase().compareTo(Phase.SHUT_DOWN) < 0 && !step.getId().equals(GATE)) {
                assertThat(behind).doesNotContain(step.getId());
            }
        }
        var gate = plan.getSteps().getFirst();
        assertThat(gate.getId()).isEqualTo(GATE);
        assertThat(((AwaitApproval) gate.getAction().getAction()))
                .satisfies(asked -> assertThat(asked.getApprovals()).isEqualTo(2))
                .satisfies(asked -> assertThat(asked.getReasons())
                        .containsExactly(
                                "the policy of freedom asks before " + scenario.id() + " between 22:00 and 06:00 UTC"));
    }

    @Test
    void isLeftOutWhereNoRuleFitsOrTheFirstThatFitsAsksNobodyOrNothingIsChanged() {
        assertThat(plan(Scenario.FULL_ROLLBACK, null, Instant.parse("2026-03-01T12:00:00Z"))
                        .getSteps())
                .extracting(PlanStep::getId)
                .doesNotContain(GATE);
        assertThat(plan(Scenario.FULL_ROLLBACK, IncidentClass.SECURITY_BREACH, NIGHT)
                        .getSteps())
                .extracting(PlanStep::getId)
                .doesNotContain(GATE);
        assertThat(plan(Scenario.RESTORE_POINT, null, NIGHT).getSteps())
                .extracting(PlanStep::getId)
                .doesNotContain(GATE);
    }
}
