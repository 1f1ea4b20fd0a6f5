package io.freedom.rollback.schemas.chain;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.TargetCheckedOut;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.StepResult;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EventHashTest {
    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00.123Z");

    @BeforeAll
    static void trust() {
        TrustedSchemas.trust();
    }

    @Test
    void doesNotDependOnTheOrderInWhichALabelWasPut() {
        var one = new LinkedHashMap<String, String>();
        var other = new LinkedHashMap<String, String>();
        for (int i = 0; i < 20; i++) {
            one.put("label" + i, "v");
            other.put("label" + (19 - i), "v");
        }

        assertThat(EventHash.of(merged(one))).isEqualTo(EventHash.of(merged(other)));
    }

    @Test
    void isTheSameOnceTheEventWasWrittenAndRead() throws IOException {
        var event = merged(Map.of("severity", "critical", "alertname", "Broken", "team", "kb"));

        var read = HistoryEvent.fromByteBuffer(event.toByteBuffer());

        assertThat(EventHash.of(read)).isEqualTo(EventHash.of(event));
    }

    @Test
    void changesWithWhateverIsAltered() {
        var event = merged(Map.of("severity", "critical"));

        assertThat(EventHash.of(event))
                .isNotEqualTo(EventHash.of(merged(Map.of("severity", "none"))))
                .isNotEqualTo(EventHash.of(
                        HistoryEvent.newBuilder(event).setAt(NOON.plusMillis(1)).build()))
                .isNotEqualTo(EventHash.of(
                        HistoryEvent.newBuilder(event).setPreviousHash("0").build()))
                .isNotEqualTo(EventHash.of(
                        HistoryEvent.newBuilder(event).setCause("c").build()));
    }

    @Test
    void doesNotCoverTheHashThatTheEventCarries() {
        var event = merged(Map.of());

        assertThat(EventHash.of(
                        HistoryEvent.newBuilder(event).setHash("anything").build()))
                .isEqualTo(EventHash.of(event));
    }

    /** History is kept for ever: should this fail, every event that was ever written looks altered. */
    @Test
    void staysWhatItWasWhenTheSchemaGainsFields() {
        var result = new StepResult(new TargetCheckedOut("aaaa", "bbbb", null, null));

        assertThat(EventHash.of(event(new StepSucceeded("git.check-out", 1, false, "done", false, result))))
                .isEqualTo("ea4dff45af97b1d4c557b2893bd13e7df1e2c0baf5d054c2b828d6c84b60c16b");
    }

    private static HistoryEvent merged(Map<String, String> evidence) {
        return event(new IncidentMerged(Incident.newBuilder()
                .setIncidentId("i-1")
                .setPlatform("freedom")
                .setIncidentClass(IncidentClass.DATA_CORRUPTION)
                .setFingerprint("abc")
                .setBeganAt(NOON)
                .setSummary("rows doubled")
                .setEvidence(evidence)
                .setSource("alertmanager")
                .build()));
    }

    private static HistoryEvent event(SpecificRecord fact) {
        return HistoryEvent.newBuilder()
                .setPlatform("freedom")
                .setRollbackId("rb-1")
                .setSequence(7)
                .setAt(NOON)
                .setPreviousHash("00ff")
                .setHash("")
                .setEvent(fact)
                .build();
    }
}
