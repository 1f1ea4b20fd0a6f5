package io.freedom.rollback.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.step.StepCommand;
import java.io.IOException;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaValidationException;
import org.apache.avro.SchemaValidator;
import org.apache.avro.SchemaValidatorBuilder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Old services read what new ones write and the other way round, for every release there has been. */
class SchemaCompatibilityTest {
    private static final SchemaValidator FULL =
            new SchemaValidatorBuilder().mutualReadStrategy().validateAll();
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
    void everySchemaReadsAndIsReadByEveryCommittedVersion() throws IOException {
        for (String version : CommittedSchemas.versions()) {
            for (Schema current : TopLevelSchemas.ALL) {
                CommittedSchemas.read(version, current.getName())
                        .ifPresent(committed -> assertThatCode(() -> FULL.validate(current, List.of(committed)))
                                .as(
                                        "%s is not compatible with version %s: give new fields a default, keep the old ones,"
                                                + " and add no branch or symbol that a service of that version would have to"
                                                + " read. While %s is unreleased, its copy is made anew by: mvn -pl schemas"
                                                + " test -Dtest=SchemaCompatibilityTest -Dregenerate=true",
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

        assertThatThrownBy(() -> FULL.validate(changed, List.of(current)))
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

        assertThatThrownBy(() -> FULL.validate(without, List.of(current)))
                .isInstanceOf(SchemaValidationException.class);
        assertThatCode(() -> FULL.validate(with, List.of(current))).doesNotThrowAnyException();
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
