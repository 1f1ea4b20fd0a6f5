package io.freedom.rollback.schemas.serde;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Type;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Avro reads a record that the reader's union lacks as the first one in it whose fields fit: an action as another action.
 * So each such record of the writer gets a branch of its own in the reader's schema. It has no fields, only the name.
 */
final class UnknownBranches {
    private static final String UNKNOWN = "unknown";

    private record Meeting(Schema writer, Schema reader) {}

    private final Map<Meeting, Schema> records = new HashMap<>();
    private boolean found;

    private UnknownBranches() {}

    /** The reader's schema with a branch for each record that only the writer knows; the very same if there is none. */
    static Schema addedTo(Schema reader, Schema writer) {
        UnknownBranches branches = new UnknownBranches();
        Schema extended = branches.extended(reader, Schema.applyAliases(writer, reader));
        return branches.found ? extended : reader;
    }

    /** Makes generic records of the added branches, even where there is a class of the same name. */
    static SpecificData model(Schema reader) {
        SpecificData generated = SpecificData.getForSchema(reader);
        SpecificData model = new SpecificData(generated.getClassLoader()) {
            @Override
            public @Nullable Class<?> getClass(Schema schema) {
                return schema.propsContainsKey(UNKNOWN) ? null : super.getClass(schema);
            }
        };
        generated.getConversions().forEach(model::addLogicalTypeConversion);
        return model;
    }

    /** Name of the first record of an added branch. */
    static Optional<String> firstIn(@Nullable Object datum) {
        return switch (datum) {
            case SpecificRecord known ->
                first(IntStream.range(0, known.getSchema().getFields().size()).mapToObj(known::get));
            case GenericRecord unknown -> Optional.of(unknown.getSchema().getName());
            case Collection<?> list -> first(list.stream());
            case Map<?, ?> map -> first(map.values().stream());
            case null, default -> Optional.empty();
        };
    }

    private static Optional<String> first(Stream<?> parts) {
        return parts.flatMap(part -> firstIn(part).stream()).findFirst();
    }

    private Schema extended(Schema reader, Schema writer) {
        List<Schema> written = branches(writer);
        List<Schema> all = new ArrayList<>();
        for (Schema known : branches(reader)) {
            all.add(extended(known, written));
        }
        for (Schema branch : written) {
            if (branch.getType() == Type.RECORD && counterpart(branch, branches(reader)) == null) {
                found = true;
                Schema unknown = Schema.createRecord(branch.getName(), null, branch.getNamespace(), false, List.of());
                unknown.addProp(UNKNOWN, "true");
                all.add(unknown);
            }
        }
        return reader.isUnion() || all.size() > 1 ? Schema.createUnion(all) : all.getFirst();
    }

    private Schema extended(Schema known, List<Schema> written) {
        Schema writer = counterpart(known, written);
        if (writer == null) {
            return known;
        }
        return switch (known.getType()) {
            case RECORD -> extendedRecord(known, writer);
            case ARRAY -> like(known, Schema.createArray(extended(known.getElementType(), writer.getElementType())));
            case MAP -> like(known, Schema.createMap(extended(known.getValueType(), writer.getValueType())));
            case UNION, ENUM, FIXED, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> known;
        };
    }

    private Schema extendedRecord(Schema reader, Schema writer) {
        Meeting meeting = new Meeting(writer, reader);
        @Nullable Schema before = records.get(meeting);
        if (before != null) {
            return before;
        }
        Schema copy = like(
                reader,
                Schema.createRecord(reader.getName(), reader.getDoc(), reader.getNamespace(), reader.isError()));
        reader.getAliases().forEach(copy::addAlias);
        records.put(meeting, copy); // before its fields: a record may hold itself
        List<Schema.Field> fields = new ArrayList<>();
        for (Schema.Field field : reader.getFields()) {
            Schema.@Nullable Field written = writer.getField(field.name());
            fields.add(new Schema.Field(
                    field, written == null ? field.schema() : extended(field.schema(), written.schema())));
        }
        copy.setFields(fields);
        return copy;
    }

    private static Schema like(Schema original, Schema copy) {
        copy.addAllProps(original);
        return copy;
    }

    private static @Nullable Schema counterpart(Schema branch, List<Schema> others) {
        return others.stream()
                .filter(other -> other.getType() == branch.getType()
                        && (branch.getType() != Type.RECORD
                                || other.getFullName().equals(branch.getFullName())))
                .findFirst()
                .orElse(null);
    }

    private static List<Schema> branches(Schema schema) {
        return schema.isUnion() ? schema.getTypes() : List.of(schema);
    }
}
