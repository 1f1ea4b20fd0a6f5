package io.freedom.rollback.orchestrator.intake;

import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.serde.Beginning;
import io.freedom.rollback.schemas.serde.UnreadableRecordException;
import java.util.List;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** Reads one record of the incident topic, whatever its format. */
public final class IncidentReader {
    private static final byte CONFLUENT_MAGIC = 0;
    /** Each incident travels with the record it came from, which must fit into a record again, several times over. */
    public static final int LARGEST = Beginning.VALUE;

    private final String topic;
    private final Deserializer<Incident> avro;

    public IncidentReader(String topic, Deserializer<Incident> avro) {
        this.topic = topic;
        this.avro = avro;
    }

    /** Incidents of the record, and the reasons for what of it belongs to the dead letters. */
    public record Reading(List<Incident> incidents, List<String> refused) {}

    public Reading read(byte @Nullable [] value) {
        try {
            if (value == null || value.length == 0) {
                throw new Unintelligible("the record has no value");
            }
            if (value.length > LARGEST) {
                throw new Unintelligible("the record has " + value.length + " bytes, more than the " + LARGEST
                        + " allowed: report fewer alerts at once; only its beginning is kept here");
            }
            if (value[0] != CONFLUENT_MAGIC) {
                var json = JsonReports.read(value);
                return new Reading(json.incidents(), json.refused());
            }
            var incident = avro.deserialize(topic, value);
            JsonReports.platform(incident.getPlatform());
            return new Reading(List.of(Bounds.of(incident)), List.of());
        } catch (Unintelligible e) {
            return new Reading(List.of(), List.of(e.text()));
        } catch (UnreadableRecordException e) {
            return new Reading(List.of(), List.of(String.valueOf(e.getMessage())));
        }
    }
}
