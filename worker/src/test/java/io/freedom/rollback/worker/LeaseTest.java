package io.freedom.rollback.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeaseTest {
    /** As {@link System#nanoTime} may: near its overflow. */
    private long now = Long.MAX_VALUE - 10;

    private final Lease lease = new Lease(Duration.ofSeconds(5), () -> now);

    private void pass(Duration time) {
        now += time.toNanos();
    }

    @Test
    void holdsNotBeforeABrokerHasConfirmedIt() {
        assertThat(lease.holds()).isFalse();
        assertThat(lease.lapsed()).as("it never held").isFalse();
    }

    @Test
    void isCountedFromBeforeTheBrokerWasAsked() {
        long asked = lease.ask();
        pass(Duration.ofSeconds(4));
        lease.renew(asked);
        assertThat(lease.holds()).isTrue();
        pass(Duration.ofMillis(999));
        assertThat(lease.holds()).isTrue();
        pass(Duration.ofMillis(1));
        assertThat(lease.holds()).isFalse();
        assertThat(lease.lapsed()).isTrue();
    }

    @Test
    void isNotShortenedByAnAnswerThatWasOvertaken() {
        long first = lease.ask();
        pass(Duration.ofSeconds(3));
        lease.renew(lease.ask());
        lease.renew(first);
        pass(Duration.ofSeconds(3));
        assertThat(lease.holds()).isTrue();
    }

    @Test
    void tellsWhoeverWaitsThatItIsRenewed() {
        var renewal = lease.renewal();
        assertThat(renewal).isNotDone();
        lease.renew(lease.ask());
        assertThat(renewal).isCompleted();
        assertThat(lease.renewal()).isNotDone();
    }
}
