package io.freedom.rollback.orchestrator.planning;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.planning.SelectiveRollback.Choice;
import io.freedom.rollback.schemas.action.TargetVerified;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class SelectiveRollbackTest {
    private static Choice choice(List<String> changed, List<String> dirty) {
        return SelectiveRollback.choose(
                new TargetVerified("4f2a91c", 3, changed, dirty), Descriptors.freedom(), "graveyard/pre-reset");
    }

    private static Choice choice(String... changed) {
        return choice(List.of(changed), List.of());
    }

    @Test
    void isOfTheServicesWhosePathsHaveChanged() {
        assertThat(choice("services/api/main.py", "services/mlx/model.py"))
                .isEqualTo(new Choice.Services(
                        List.of("api", "mlx-server"),
                        "since graveyard/pre-reset only api, mlx-server changed: services/api/main.py,"
                                + " services/mlx/model.py"));
        assertThat(choice(List.of(), List.of("services/api/main.py")))
                .as("changed but not committed")
                .isInstanceOfSatisfying(
                        Choice.Services.class,
                        services -> assertThat(services.names()).containsExactly("api"));
    }

    @Test
    void isOfAllServicesThatShareAPath() {
        assertThat(choice("services/common/log.py"))
                .isInstanceOfSatisfying(
                        Choice.Services.class,
                        services -> assertThat(services.names()).containsExactly("api", "kb-service"));
    }

    @Test
    void isOfTheWholePlatformWhereSomethingChangedThatIsNoServicesOwn() {
        assertThat(choice("docker-compose.yml", "services/api/main.py"))
                .isEqualTo(new Choice.Whole(
                        "what has changed since graveyard/pre-reset belongs to no service alone: docker-compose.yml"));
        assertThat(choice("services/apis/main.py")).as("no folder of api").isInstanceOf(Choice.Whole.class);
        assertThat(choice(Collections.nCopies(1000, "services/api/main.py"), List.of()))
                .as("there may be more")
                .isInstanceOf(Choice.Whole.class);
    }

    @Test
    void isOfNothingWhereNothingButDocumentationChanged() {
        assertThat(choice("README.md", "services/api/README.md"))
                .isInstanceOfSatisfying(
                        Choice.Nothing.class,
                        nothing -> assertThat(nothing.why()).contains("nothing of freedom has changed"));
    }
}
