package io.freedom.rollback.ctl.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.ctl.verify.WrittenRollback;
import io.freedom.rollback.schemas.history.HistoryEvent;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChainsTest {
    private final List<HistoryEvent> events = new WrittenRollback("rb-1").toTheEnd().events;
    private final Chains chains = new Chains();

    @Test
    void takesAnyEventAsTheFirstAndEachThatFollows() {
        assertThat(events.subList(3, 6))
                .allSatisfy(event -> assertThat(chains.check(event)).isEmpty());
    }

    @Test
    void noticesThatEventsAreMissing() {
        chains.check(events.get(3));

        assertThat(chains.check(events.get(6)))
                .hasValue("the history of rb-1 is broken: events 5 to 6 are missing: event 7 follows event 4");
    }

    @Test
    void noticesWhatWasAlteredThoughTheChainFits() {
        chains.check(events.get(3));
        var altered = HistoryEvent.newBuilder(events.get(4)).setCause("mallory").build();

        assertThat(chains.check(altered)).get().asString().contains("event 5 does not match its hash");
        assertThat(chains.check(events.get(5))).isEmpty();
    }
}
