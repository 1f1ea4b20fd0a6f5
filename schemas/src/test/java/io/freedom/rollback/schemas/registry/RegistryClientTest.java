package io.freedom.rollback.schemas.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.incident.Incident;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RegistryClientTest {
    private static final String REGISTER = "POST /subjects/incidents-value/versions";

    private RecordingRegistry registry;

    @BeforeEach
    void start() throws IOException {
        registry = new RecordingRegistry();
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void asksTheNextUrlWhenOneDoesNotAnswer() throws IOException {
        String gone;
        try (RecordingRegistry closed = new RecordingRegistry()) {
            gone = closed.url();
        }
        registry.answer(REGISTER, 200, "{\"id\":7}");

        try (RegistryClient client = RegistryClient.at(gone + ", " + registry.url() + "/")) {
            assertThat(client.register("incidents-value", Incident.getClassSchema()))
                    .isEqualTo(7);
        }
    }

    @Test
    void asksTheNextUrlWhenOneIsBroken() throws IOException {
        try (RecordingRegistry broken = new RecordingRegistry();
                RegistryClient client = RegistryClient.at(broken.url() + "," + registry.url())) {
            broken.answer("GET /subjects", 503, "starting");
            registry.answer("GET /subjects", 200, "[\"a\"]");

            assertThat(client.subjects()).containsExactly("a");
            assertThat(client.subjects()).containsExactly("a");
            assertThat(broken.requests()).hasSize(1);
        }
    }

    @Test
    void saysWhereItLookedAndWhatToDoWhenNoneAnswers() {
        registry.answer("GET /subjects", 500, "{\"message\":\"disk full\"}");

        try (RegistryClient client = RegistryClient.at(registry.url())) {
            assertThatThrownBy(client::subjects)
                    .isInstanceOf(RegistryUnavailableException.class)
                    .hasMessageContaining(registry.url())
                    .hasMessageContaining("is it running")
                    .hasMessageContaining("disk full");
        }
    }

    @Test
    void aWrongPathIsNotTakenForAnUnknownSchema() {
        registry.answer("GET /schemas/ids/1", 404, "<html>");

        try (RegistryClient client = RegistryClient.at(registry.url())) {
            assertThatThrownBy(() -> client.schema(1))
                    .isInstanceOf(RegistryUnavailableException.class)
                    .hasMessageContaining("check schema.registry.url");
        }
    }

    @Test
    void sendsTheCredentialsOfTheUrlAndNamesThemNowhere() {
        registry.answer("GET /subjects", 401, "");
        String withCredentials = registry.url().replace("http://", "http://me:secret@");

        try (RegistryClient client = RegistryClient.at(withCredentials)) {
            assertThatThrownBy(client::subjects)
                    .hasMessageContaining("refuses the credentials")
                    .message()
                    .doesNotContain("secret");
        }
        assertThat(registry.credentials())
                .containsExactly(
                        "Basic " + Base64.getEncoder().encodeToString("me:secret".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void saysWhyASchemaIsRefused() {
        registry.answer(REGISTER, 409, "{\"error_code\":409,\"message\":\"reader type INT\"}");

        try (RegistryClient client = RegistryClient.at(registry.url())) {
            assertThatThrownBy(() -> client.register("incidents-value", Incident.getClassSchema()))
                    .isInstanceOf(SchemaRefusedException.class)
                    .hasMessageContaining("incidents-value")
                    .hasMessageContaining("reader type INT");
        }
    }

    @Test
    void refusesWhatIsNoUrl() {
        assertThatThrownBy(() -> RegistryClient.at("localhost:8081"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("http://");
        assertThatThrownBy(() -> RegistryClient.at(" , ")).isInstanceOf(ConfigException.class);
    }
}
