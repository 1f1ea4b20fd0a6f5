package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.StepCommand;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;

/** Commands as an orchestrator of a later release writes them, with records that are unknown here. */
final class LaterRelease {
    /** The year 2100, in milliseconds. */
    private static final long FAR = 4_102_444_800_000L;

    private LaterRelease() {}

    /** An action with the very fields of ReturnToPrevious. */
    static GenericRecord wipeWorkTree(String site) {
        var schema = added("\"name\":\"action\",\"type\":[", """
                {"type":"record","name":"io.freedom.rollback.schemas.action.WipeWorkTree",
                 "fields":[{"name":"workTree","type":"string"}]},""");
        var execute = branch(schema.getField("command").schema(), "ExecuteStep");
        var stepAction = execute.getField("action").schema();
        var wipe = branch(stepAction.getField("action").schema(), "WipeWorkTree");
        var action = record(stepAction, Map.of("action", record(wipe, Map.of("workTree", "/srv/freedom"))));
        return command(schema, site, record(execute, Map.of("action", action, "inputs", List.of(), "deadline", FAR)));
    }

    /** A kind of command with the very fields of CancelStep. */
    static GenericRecord pauseStep(String site) {
        var schema = added("\"name\":\"command\",\"type\":[", """
                {"type":"record","name":"PauseStep","fields":[{"name":"reason","type":"string"}]},""");
        var pause = branch(schema.getField("command").schema(), "PauseStep");
        return command(schema, site, record(pause, Map.of("reason", "asked for by ada")));
    }

    private static GenericRecord command(Schema schema, String site, GenericRecord command) {
        return record(
                schema,
                Map.of(
                        "platform",
                        "freedom",
                        "site",
                        site,
                        "rollbackId",
                        "rb-1",
                        "stepId",
                        "git.wipe",
                        "attempt",
                        1,
                        "at",
                        0L,
                        "command",
                        command));
    }

    private static GenericRecord record(Schema schema, Map<String, Object> fields) {
        var record = new GenericRecordBuilder(schema);
        fields.forEach(record::set);
        return record.build();
    }

    private static Schema added(String before, String branch) {
        return new Schema.Parser().parse(StepCommand.getClassSchema().toString().replace(before, before + branch));
    }

    private static Schema branch(Schema union, String name) {
        return union.getTypes().stream()
                .filter(type -> type.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
