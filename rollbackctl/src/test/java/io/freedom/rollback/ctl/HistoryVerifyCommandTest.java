package io.freedom.rollback.ctl;

import static io.freedom.rollback.ctl.view.Samples.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.ctl.verify.WrittenRollback;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HistoryVerifyCommandTest {
    private final InMemoryControlPlane plane = new InMemoryControlPlane();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        var terminal = new Terminal.ProcessTerminal(false, false);
        var surroundings = new Surroundings(_ -> plane, terminal, InstantSource.fixed(START), ZoneOffset.UTC);
        return Rollbackctl.commandLine(surroundings)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    private void write(WrittenRollback rollback) {
        var topics = plane.topics();
        plane.add(topics.history(), rollback.registered());
        rollback.events.forEach(event -> {
            plane.add(topics.history(), event);
            plane.add(topics.storedEvents(), WrittenRollback.key(event), event);
        });
        plane.add(topics.storedPlatforms(), "freedom", rollback.platform());
        plane.add(topics.status(), rollback.status());
    }

    @Test
    void saysThatAllHolds() {
        var rollback = new WrittenRollback("rb-1").toTheEnd();
        write(rollback);

        assertThat(run("history", "verify")).as(out::toString).isZero();
        assertThat(out.toString())
                .isEqualTo("1 rollback and 1 platform, " + (rollback.events.size() + 1) + " events: all hold\n");
    }

    @Test
    void saysHowFarARunningRollbackWasCompared() {
        var rollback = new WrittenRollback("rb-1");
        write(rollback);

        assertThat(run("history", "verify", "--rollback", "rb-1")).isZero();
        assertThat(out.toString()).contains("rb-1 of freedom runs: compared up to its event " + rollback.events.size());
    }

    @Test
    void endsWithOneAndSaysWhatToDoWhereSomethingDoesNotHold() {
        var rollback = new WrittenRollback("rb-1").toTheEnd();
        rollback.events.set(
                2,
                HistoryEvent.newBuilder(rollback.events.get(2))
                        .setCause("mallory")
                        .build());
        write(rollback);

        assertThat(run("history", "verify", "--timeout", "0s")).isEqualTo(1);
        assertThat(out.toString())
                .contains("rb-1 of freedom does not hold: event 3 does not match its hash")
                .contains("find out who may write to that topic")
                .contains("events: 1 does not hold");
    }

    @Test
    void printsJson() {
        var rollback = new WrittenRollback("rb-1").toTheEnd();
        write(rollback);
        plane.add(
                plane.topics().status(),
                RollbackStatus.newBuilder(rollback.status()).setTarget("v9").build());

        assertThat(run("history", "verify", "--output", "json", "--timeout", "0s"))
                .isEqualTo(1);
        assertThat(out.toString())
                .startsWith(
                        "{\"platform\":\"freedom\",\"rollback\":\"rb-1\",\"problem\":\"its status differs: target is"
                                + " \\\"v9\\\", by the history \\\"graveyard/pre-reset\\\"\",\"advice\":")
                .contains("{\"rollbacks\":1,\"platforms\":1,\"events\":" + (rollback.events.size() + 1)
                        + ",\"broken\":1,\"truncated\":0,\"running\":[]}");
    }

    @Test
    void knowsNoOther() {
        write(new WrittenRollback("rb-1"));

        assertThat(run("history", "verify", "--platform", "nowhere")).isEqualTo(4);
        assertThat(err.toString()).contains("The history has nothing of nowhere");
    }

    @Test
    void tellsTheHistoryInItsOrderWhateverClocksSay() {
        var rollback = new WrittenRollback("rb-1").completed().clockGoesBack().toTheEnd();
        write(rollback);

        assertThat(run("history", "rb-1", "--output", "json")).as(err::toString).isZero();
        assertThat(out.toString()
                        .lines()
                        .map(line -> line.replaceAll(".*\"sequence\":(\\d+),.*", "$1"))
                        .map(Integer::valueOf))
                .isEqualTo(
                        IntStream.rangeClosed(1, rollback.events.size()).boxed().toList());
    }
}
