package io.freedom.rollback.schemas;

import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.site.SiteRequest;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;

/** The schemas of the topics' values. */
final class TopLevelSchemas {
    static final List<Schema> ALL = List.of(
            Incident.getClassSchema(),
            OperatorCommand.getClassSchema(),
            StepCommand.getClassSchema(),
            StepEvent.getClassSchema(),
            SiteRequest.getClassSchema(),
            HistoryEvent.getClassSchema(),
            RollbackStatus.getClassSchema(),
            DeadLetter.getClassSchema());

    private TopLevelSchemas() {}

    /** Every record that the topics' values are made of. */
    static List<Schema> records() {
        Map<String, Schema> found = new LinkedHashMap<>();
        ALL.forEach(schema -> collect(schema, found));
        return new ArrayList<>(found.values());
    }

    private static void collect(Schema schema, Map<String, Schema> found) {
        Stream<Schema> parts = switch (schema.getType()) {
            case RECORD ->
                found.putIfAbsent(schema.getFullName(), schema) == null
                        ? schema.getFields().stream().map(Schema.Field::schema)
                        : Stream.empty();
            case UNION -> schema.getTypes().stream();
            case ARRAY -> Stream.of(schema.getElementType());
            case MAP -> Stream.of(schema.getValueType());
            case ENUM, FIXED, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> Stream.empty();
        };
        parts.forEach(part -> collect(part, found));
    }
}
