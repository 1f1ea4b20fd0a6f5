package io.freedom.rollback.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComposeModelTest {
    @Test
    void readsWhatVersionTwoPrints() throws StepFailure {
        var model = ComposeModel.parse("""
                name: p
                services:
                  api:
                    build: {context: /src, args: {A: null, B: "1"}}
                    depends_on: {db: {condition: service_healthy, required: true}}
                    deploy: {replicas: 2}
                  db: {image: "postgres:15", networks: {default: null}}
                """);

        var api = model.service("api").orElseThrow();
        assertThat(api.isBuilt()).isTrue();
        assertThat(api.image()).isNull();
        assertThat(api.dependsOn()).containsExactly("db");
        assertThat(api.replicas()).isEqualTo(2);
        assertThat(model.service("db").orElseThrow().image()).isEqualTo("postgres:15");
        assertThat(model.service("db").orElseThrow().isBuilt()).isFalse();
    }

    @Test
    void readsWhatVersionOnePrints() throws StepFailure {
        var model = ComposeModel.parse("""
                services:
                  api: {build: {context: /src}, depends_on: [db], scale: 0}
                  db: {image: "postgres:15"}
                version: '3.9'
                """);

        assertThat(model.service("api").orElseThrow().dependsOn()).isEqualTo(List.of("db"));
        assertThat(model.service("api").orElseThrow().replicas()).isZero();
    }

    @Test
    void takesNoServiceForAnOption() throws StepFailure {
        for (var name : List.of("--profile", "-d", "--file=/etc/x", "../x", "a b", "a=b", "")) {
            assertThatThrownBy(() -> ComposeModel.parse("services: {\"" + name + "\": {image: x}}"))
                    .as(name)
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                    .hasMessageContaining("defines a service `" + name + "`: rename it");
        }
        assertThat(ComposeModel.parse("services: {a-b.c_d: {}, 1: {}, _x: {}}").services())
                .hasSize(3);
    }

    @Test
    void unfoldsNoBombOfAliases() {
        var bomb = new StringBuilder("x0: &x0 [lol, lol]\n");
        for (int i = 1; i < 40; i++) {
            bomb.append("x%d: &x%d [*x%d, *x%d]\n".formatted(i, i, i - 1, i - 1));
        }
        assertThatThrownBy(() -> ComposeModel.parse(bomb + "services: {a: {ports: *x39}}"))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("compose file is no YAML");
        assertThatThrownBy(() -> ComposeModel.parse("services: " + "[".repeat(100_000)))
                .isInstanceOf(StepFailure.class);
    }

    @Test
    void takesTheStandaloneProgramWhenThereIsNoPlugin() throws Exception {
        var cli = ComposeCli.look(List.of(List.of("echo-that-does-not-exist"), List.of("echo", "1.29.2", "#")));

        assertThat(cli.version()).isEqualTo("1.29.2");
        assertThat(cli.legacy()).isTrue();
    }

    @Test
    void saysWhatToInstallWhenComposeIsTooOld() {
        assertThatThrownBy(() -> ComposeCli.look(List.of(List.of("echo", "1.21.0"))))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("too old")
                .hasMessageContaining("install the docker compose plugin");
    }
}
