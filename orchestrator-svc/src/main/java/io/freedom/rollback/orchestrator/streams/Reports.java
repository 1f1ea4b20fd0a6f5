package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Repeats;
import io.freedom.rollback.schemas.history.IncidentRepeated;
import io.freedom.rollback.schemas.incident.Incident;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Says what became of reports: whole the first time, then how often it became the same. */
final class Reports {
    private final SagaStore store;
    private final History history;

    Reports(SagaStore store, History history) {
        this.store = store;
        this.history = history;
    }

    /**
     * @param answer what becomes of it
     * @param rollbackId that answers it; null where none does
     * @param awaited whether somebody waits to be told
     * @param whole adds it to the history
     */
    void tell(
            Incident incident,
            String answer,
            @Nullable String rollbackId,
            boolean awaited,
            Runnable whole,
            Instant now) {
        var platform = incident.getPlatform();
        boolean known = Repeats.isTold(store.platform(platform), incident, answer);
        if (known && !awaited) {
            store.put(Repeats.counted(store.platform(platform), incident, answer, now));
            return;
        }
        if (!known && Repeats.isFull(store.platform(platform))) {
            sumUp(platform, now);
        }
        whole.run();
        store.put(Repeats.told(store.platform(platform), incident, answer, rollbackId, now));
    }

    /** Platforms of which something counted is to be said by now. */
    List<String> due(Instant now) {
        return store.toSumUp(now);
    }

    void sumUp(String platform, Instant now) {
        var untold = Repeats.untold(store.platform(platform));
        store.put(Repeats.summedUp(store.platform(platform), now));
        for (var repeated : untold) {
            var incident = repeated.getIncident();
            history.note(
                    platform,
                    incident.getIncidentId(),
                    new IncidentRepeated(
                            incident,
                            repeated.getAnswer(),
                            repeated.getRollbackId(),
                            repeated.getTimes(),
                            repeated.getSince()),
                    now);
        }
    }
}
