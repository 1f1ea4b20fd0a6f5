package io.freedom.rollback.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.step.StepCommand;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.SchemaValidationException;
import org.apache.avro.SchemaValidator;
import org.apache.avro.SchemaValidatorBuilder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * History is kept for ever, so every release reads what all before it wrote. New actions and events may come: who reads is
 * upgraded before who writes (ADR 10).
 */
class SchemaCompatibilityTest {
    private static final SchemaValidator BACKWARD =
            new SchemaValidatorBuilder().canReadStrategy().validateAll();
    private static final Pattern NAMED = Pattern.compile("\"type\":\"(?:record|enum|fixed)\",\"name\":\"(\\w+)\"");
    private static final String BUILDING =
            System.getProperty("project.version", "0.1.0").replace("-SNAPSHOT", "");

    /** Only the copies of the version being built; those of a release never change again. */
    @BeforeAll
    static void regenerate() throws IOException {
        if (Boolean.getBoolean("regenerate")) {
            for (Schema schema : TopLevelSchemas.ALL) {
                CommittedSchemas.write(BUILDING, schema);
            }
        }
    }

    @Test
    void everySchemaReadsWhatEveryCommittedVersionWrote() throws IOException {
        for (String version : CommittedSchemas.versions()) {
            for (Schema current : TopLevelSchemas.ALL) {
                CommittedSchemas.read(version, current.getName())
                        .ifPresent(committed -> assertThatCode(() -> BACKWARD.validate(current, List.of(committed)))
                                .as(
                                        "%s cannot read what version %s wrote: give new fields a default, drop no branch or"
                                                + " symbol, change no type. While %s is unreleased, its copy is made anew by:"
                                                + " mvn -pl schemas test -Dtest=SchemaCompatibilityTest -Dregenerate=true",
                                        current.getFullName(), version, BUILDING)
                                .doesNotThrowAnyException());
            }
        }
    }

    @Test
    void theVersionBeingBuiltHasItsSchemasCommitted() throws IOException {
        for (Schema current : TopLevelSchemas.ALL) {
            assertThat(CommittedSchemas.read(BUILDING, current.getName()))
                    .as(
                            "Copy of %s in schemas/src/compatibility/%s is missing or old. It is made by: mvn -pl schemas"
                                    + " test -Dtest=SchemaCompatibilityTest -Dregenerate=true",
                            current.getFullName(), BUILDING)
                    .contains(current);
        }
    }

    @Test
    void anIncompatibleChangeIsCaught() {
        Schema current = StepCommand.getClassSchema();
        Schema changed =
                changed(current, "\"name\":\"attempt\",\"type\":\"int\"", "\"name\":\"attempt\",\"type\":\"boolean\"");

        assertThatThrownBy(() -> BACKWARD.validate(changed, List.of(current)))
                .isInstanceOf(SchemaValidationException.class)
                .hasMessageContaining("attempt");
    }

    @Test
    void aNewFieldWithoutDefaultIsCaughtAndOneWithADefaultPasses() {
        Schema current = StepCommand.getClassSchema();
        String fields = "\"fields\":[{\"name\":\"platform\"";

        Schema without =
                changed(current, fields, "\"fields\":[{\"name\":\"urgency\",\"type\":\"int\"},{\"name\":\"platform\"");
        Schema with = changed(
                current,
                fields,
                "\"fields\":[{\"name\":\"urgency\",\"type\":\"int\",\"default\":0},{\"name\":\"platform\"");

        assertThatThrownBy(() -> BACKWARD.validate(without, List.of(current)))
                .isInstanceOf(SchemaValidationException.class);
        assertThatCode(() -> BACKWARD.validate(with, List.of(current))).doesNotThrowAnyException();
    }

    /** Avro reads a record that a union lacks as the first one of similar fields, and finds nothing wrong with that. */
    @Test
    void noRecordOfACommittedVersionIsDropped() throws IOException {
        for (String version : CommittedSchemas.versions()) {
            for (Schema current : TopLevelSchemas.ALL) {
                var committed = CommittedSchemas.read(version, current.getName());
                if (committed.isPresent()) {
                    assertThat(named(current))
                            .as("named types of %s that are in the records of version %s", current.getName(), version)
                            .containsAll(named(committed.get()));
                }
            }
        }
    }

    private static Set<String> named(Schema schema) {
        return NAMED.matcher(schema.toString())
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
    }

    private static Schema changed(Schema schema, String text, String replacement) {
        String json = schema.toString();
        assertThat(json).contains(text);
        int at = json.lastIndexOf(text);
        int first = json.indexOf(text);
        int index = text.contains("fields") ? first : at;
        return new Schema.Parser()
                .parse(json.substring(0, index) + replacement + json.substring(index + text.length()));
    }
}
