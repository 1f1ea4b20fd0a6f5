package io.freedom.rollback.ctl;

import static io.freedom.rollback.ctl.view.Samples.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.ctl.view.Samples;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentHeld;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.StartAtMoment;
import io.freedom.rollback.schemas.step.Plan;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which moment of its data a platform is put back to. */
class MomentTest {
    private static final String OTHER = "rb-20260131-102000-b7c2";

    private final InMemoryControlPlane plane = new InMemoryControlPlane();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private int sequence;

    private int restore(String moment) {
        plane.answering((asked, _) -> Map.of(
                plane.topics().history(),
                Samples.event(
                        1,
                        0,
                        Samples.ID,
                        ((OperatorCommand) asked).getCommandId(),
                        RollbackStarted.newBuilder().setPlan(Samples.plan()).build())));
        var surroundings = new Surroundings(
                _ -> plane,
                new Terminal.ProcessTerminal(false, false),
                InstantSource.fixed(START.plusSeconds(60)),
                ZoneOffset.UTC);
        return Rollbackctl.commandLine(surroundings)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute("backups", "restore", "freedom", "--at", moment, "--reason", "test");
    }

    private void happened(@Nullable String rollback, SpecificRecord fact) {
        plane.add(plane.topics().history(), Samples.event(++sequence, sequence, rollback, "c", fact));
    }

    private static Incident began(int second) {
        return Incident.newBuilder()
                .setIncidentId("i" + second)
                .setPlatform("freedom")
                .setIncidentClass(IncidentClass.DATA_CORRUPTION)
                .setFingerprint("f")
                .setBeganAt(START.plusSeconds(second))
                .setSummary("rows are gone")
                .setSource("test")
                .build();
    }

    private static RollbackStarted goingOnFrom(String before) {
        return RollbackStarted.newBuilder(started(began(70)))
                .setPlan(Plan.newBuilder(Samples.plan()).setContinues(before).build())
                .build();
    }

    private static RollbackStarted started(@Nullable Incident incident) {
        return RollbackStarted.newBuilder()
                .setPlan(Samples.plan())
                .setIncident(incident)
                .build();
    }

    /** First minute: what a rollback has answered; second: what was reported since. */
    private void givenIncidents() {
        happened(Samples.ID, started(began(20)));
        happened(Samples.ID, new IncidentMerged(began(10)));
        happened(Samples.ID, new IncidentMerged(began(30)));
        happened(null, new IncidentQueued(began(70)));
        happened(OTHER, started(began(70)));
        var resolved = Incident.newBuilder(began(90))
                .setStatus(IncidentStatus.RESOLVED)
                .build();
        happened(null, new IncidentIgnored(resolved, "the alert is resolved"));
        plane.add(
                plane.topics().history(),
                HistoryEvent.newBuilder(
                                Samples.event(1, 0, null, "c", new IncidentHeld(began(99), "too many of another's")))
                        .setPlatform("another")
                        .build());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2026-01-31T10:15:01.5Z          | 2026-01-31T10:15:01.5Z
            latest                          | latest
            lsn:0/3016588                   | lsn:0/3016588
            before-incident                 | 2026-01-31T10:16:09.999Z
            before:rb-20260131-101500-a3f9  | 2026-01-31T10:15:09.999Z
            before:rb-20260131-102000-b7c2  | 2026-01-31T10:16:09.999Z
            """)
    void isTheOneThatAnOperatorNames(String words, String moment) {
        givenIncidents();

        assertThat(restore(words)).isZero();

        assertThat(((OperatorCommand) plane.published.getLast()).getCommand())
                .isInstanceOfSatisfying(StartAtMoment.class, asked -> {
                    assertThat(asked.getMoment()).isEqualTo(moment);
                    assertThat(asked.getStart().getScenario()).isEqualTo("database-restore");
                });
        assertThat(out.toString()).contains("To the moment " + moment);
    }

    @Test
    void isThatOfAnIncidentThatHasStartedNothing() {
        for (var fact : List.of(new IncidentHeld(began(10), "too many"), new IncidentIgnored(began(20), "too late"))) {
            happened(null, fact);
        }

        assertThat(restore("before-incident")).isZero();
        assertThat(out.toString()).contains("To the moment 2026-01-31T10:15:19.999Z");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            before-incident                | began at 2026-01-31T10:16:10Z, the newest incident
            before:rb-20260131-101500-a3f9 | began at 2026-01-31T10:15:10Z, the first of 3 incidents that rb-20260131-101500-a3f9 answers
            before:rb-20260131-102000-b7c2 | began at 2026-01-31T10:16:10Z
            """)
    void saysWhichIncidentItIsBefore(String words, String incident) {
        givenIncidents();

        assertThat(restore(words)).isZero();

        assertThat(out.toString()).contains(", right before \"rows are gone\" " + incident + "\n");
    }

    @Test
    void isBeforeWhatTheFirstHasAnsweredWhereARollbackGoesOnFromAnother() {
        happened(Samples.ID, started(began(70)));
        happened(Samples.ID, new IncidentMerged(began(40)));
        happened(Samples.ID + "-2", goingOnFrom(Samples.ID));
        happened(Samples.ID + "-2", new IncidentMerged(began(80)));
        happened(Samples.ID + "-2-2", goingOnFrom(Samples.ID + "-2"));

        assertThat(restore("before:" + Samples.ID + "-2-2")).isZero();

        assertThat(out.toString())
                .contains("To the moment 2026-01-31T10:15:39.999Z, right before \"rows are gone\" began at"
                        + " 2026-01-31T10:15:40Z, the first of 3 incidents that " + Samples.ID + "-2-2 answers\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            before-incident  | The history knows no incident of freedom: say when it began, with --at
            before:rb-mine   | The history knows no incident of freedom that rb-mine answers: say when it began
            """)
    void isRefusedWhereNoIncidentIsKnown(String words, String refusal) {
        happened("rb-mine", started(null));

        assertThat(restore(words)).isNotZero();

        assertThat(err.toString()).contains(refusal);
        assertThat(plane.published).isEmpty();
    }
}
