package io.freedom.rollback.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SchemaDocumentationTest {

    @Test
    void everyFieldOfEveryRecordSaysWhatItHolds() {
        List<String> undocumented = TopLevelSchemas.records().stream()
                .flatMap(schema -> schema.getFields().stream()
                        .filter(field -> field.doc() == null || field.doc().isBlank())
                        .map(field -> schema.getFullName() + "." + field.name()))
                .toList();

        assertThat(undocumented)
                .as("Fields without a doc: add /** … */ with the unit above each in schemas/src/main/avro")
                .isEmpty();
    }
}
