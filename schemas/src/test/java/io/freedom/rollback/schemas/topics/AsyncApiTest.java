package io.freedom.rollback.schemas.topics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AsyncApiTest {
    private static final Path COMMITTED = Path.of("..", "docs", "topics.asyncapi.yaml");
    private static final String VERSION =
            System.getProperty("project.version", "0.1.0").replace("-SNAPSHOT", "");

    @Test
    void theCommittedDocumentDescribesTheTopicsAsTheyAre() throws IOException {
        if (Boolean.getBoolean("regenerate")) {
            Files.createDirectories(COMMITTED.getParent());
            AsyncApi.main(new String[] {COMMITTED.toString(), VERSION});
        }

        assertThat(COMMITTED)
                .as(
                        "docs/topics.asyncapi.yaml is old. Generate it: mvn -pl schemas test -Dtest=AsyncApiTest -Dregenerate=true")
                .hasContent(AsyncApi.render(TopicCatalogue.withPrefix(TopicCatalogue.DEFAULT_PREFIX), VERSION));
    }

    @Test
    void quotesWhatYamlWouldTakeForSomethingElse() throws IOException {
        String yaml = YamlText.of(new ObjectMapper().readTree("""
                        {"$ref": "#/a", "version": "3.0", "ok": "yes", "note": "a: b", "list": [{"x": 1, "y": []}, "-"], "t": true}"""));

        assertThat(yaml).isEqualTo("""
                        "$ref": "#/a"
                        version: "3.0"
                        ok: "yes"
                        note: "a: b"
                        list:
                          - x: 1
                            "y": []
                          - "-"
                        t: true
                        """);
    }
}
