package io.freedom.rollback.orchestrator.planning;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.planning.SelectiveRollback.Choice;
import io.freedom.rollback.schemas.action.TargetVerified;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class SelectiveRollbackTest {
    private static Choice choice(List<String> differing) {
        return SelectiveRollback.choose(
                new TargetVerified("4f2a91c", 3, List.of("docker-compose.yml"), differing, List.of(), List.of()),
                Descriptors.freedom(),
                "graveyard/pre-reset");
    }

    private static Choice choice(String... differing) {
        return choice(List.of(differing));
    }

    @Test
    void isOfTheServicesWhosePathsHaveChanged() {
        assertThat(choice("services/api/main.py", "services/mlx/model.py"))
                .isEqualTo(new Choice.Services(
                        List.of("api", "mlx-server"),
                        "since graveyard/pre-reset only api, mlx-server changed: services/api/main.py,"
                                + " services/mlx/model.py"));
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
        assertThat(choice(Collections.nCopies(1000, "services/api/main.py")))
                .as("there may be more")
                .isInstanceOf(Choice.Whole.class);
    }

    @Test
    void isOfNothingWhereNothingButDocumentationOfNoServiceDiffers() {
        assertThat(choice("README.md", "docs/operations.md"))
                .isInstanceOfSatisfying(
                        Choice.Nothing.class,
                        nothing -> assertThat(nothing.why()).startsWith("freedom is as at graveyard/pre-reset"));
        assertThat(choice("services/api/prompt.md")).as("it may be read by it").isInstanceOf(Choice.Services.class);
    }
}
