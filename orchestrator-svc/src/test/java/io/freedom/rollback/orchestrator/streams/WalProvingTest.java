package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.schemas.action.KeepWalArchive;
import io.freedom.rollback.schemas.action.ProveWalArchive;
import io.freedom.rollback.schemas.action.WalArchiveProven;
import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.state.ReportedIncident;
import io.freedom.rollback.schemas.state.WalArchive;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** The WAL archive is recovered into a throwaway server by itself, and what comes of it is told. */
class WalProvingTest extends OneTask {
    private static final String ARCHIVED = DESCRIPTOR.replace("reserve: 512MiB}", "reserve: 512MiB, wal: {}}");
    private static final int DAY = 86_400;

    private void planned(String descriptor, Instant now) {
        store.put(Schedules.planned(Platforms.registered(store.platform("freedom"), descriptor), now));
    }

    private void archivedUntil(Instant until) {
        var state = store.platform("freedom");
        store.put(Platforms.archived(
                state,
                WalArchive.newBuilder(state.getArchive())
                        .setFrom(END)
                        .setUntil(until)
                        .build()));
    }

    private void proving(Instant now) {
        schedules.toProveWal(now).forEach(platform -> schedules.proveWal(platform, now));
    }

    private void succeeded(Instant now) {
        var proven = new WalArchiveProven("20260301", now, "0/3016588", "15.18", 2, 9, 99L, true, 900L);
        admissions.advance(
                "freedom",
                new RollbackCommand.Complete(
                        new AttemptId("backup.prove-wal", false, 1), new StepResult(proven), "", false),
                null,
                now);
    }

    private void failed(FailureKind kind, String why, Instant now) {
        admissions.advance(
                "freedom", new RollbackCommand.Fail(new AttemptId("backup.prove-wal", false, 1), kind, why), null, now);
    }

    private long told() {
        return sent(Notification.class).stream()
                .filter(message -> message.getTitle().equals("freedom: its WAL archive cannot be recovered to its end"))
                .count();
    }

    private Instant provenAt() {
        var proofs = store.platform("freedom").getWalProofs();
        return proofs == null || proofs.getProvenAt() == null ? Instant.EPOCH : proofs.getProvenAt();
    }

    @Test
    void isDoneOnceSomethingIsArchivedAndThenEachDay() {
        planned(ARCHIVED, END);
        proving(after(3599));
        proving(after(3601));
        assertThat(facts(RollbackStarted.class))
                .as("nothing can be recovered yet")
                .isEmpty();

        archivedUntil(after(3700));
        wired(); // another orchestrator goes on
        proving(after(3902));
        assertThat(facts(RollbackStarted.class)).singleElement().satisfies(started -> {
            assertThat(started.getPlan().getScenario()).isEqualTo("restore-point-wal-check");
            assertThat(started.getReason()).isEqualTo("the WAL archive every 24h");
            assertThat(started.getPlan().getSteps())
                    .singleElement()
                    .satisfies(step -> assertThat(step.getAction().getAction()).isInstanceOf(ProveWalArchive.class));
        });

        succeeded(after(4000));
        assertThat(provenAt()).isEqualTo(after(4000));
        proving(after(3902 + DAY - 1));
        assertThat(facts(RollbackStarted.class)).hasSize(1);
        proving(after(3902 + DAY + 1));
        assertThat(facts(RollbackStarted.class)).hasSize(2);
        assertThat(sent(Notification.class)).as("no news").isEmpty();
    }

    @Test
    void tellsOnceOfDamageUntilItIsMended() {
        planned(ARCHIVED, END);
        archivedUntil(after(3600));
        proving(after(DAY));
        failed(FailureKind.MISMATCH, "segment 000000010000000000000003 is missing", after(DAY + 60));
        assertThat(told()).isEqualTo(1);
        assertThat(sent(Notification.class)).as("one message says it all").hasSize(1);
        proving(after(DAY + 60 + 3599));
        assertThat(facts(RollbackStarted.class)).hasSize(1);
        proving(after(DAY + 60 + 3601));
        assertThat(facts(RollbackStarted.class)).as("it may be mended by now").hasSize(2);
        failed(FailureKind.MISMATCH, "its replay ends at 0/30000A8", after(DAY + 7000));
        assertThat(told()).isEqualTo(1);
        assertThat(sent(Notification.class))
                .as("that the check has failed again")
                .hasSize(2);
        proving(after(DAY + 12_000));
        assertThat(facts(RollbackStarted.class)).as("from then on as ever").hasSize(2);
        assertThat(sent(Notification.class))
                .anySatisfy(message -> assertThat(message.getText()).contains("0003 is missing"));

        proving(after(3 * DAY));
        succeeded(after(3 * DAY + 60));
        proving(after(4 * DAY + 60));
        failed(FailureKind.MISMATCH, "segment 000000010000000000000003 is missing", after(4 * DAY + 90));
        assertThat(told()).isEqualTo(2);
    }

    @Test
    void blamesTheArchiveForNothingElse() {
        planned(ARCHIVED, END);
        archivedUntil(after(3600));
        proving(after(DAY));

        failed(FailureKind.PRECONDITION, "base.tar.zst.age is encrypted for another key", after(DAY + 60));

        assertThat(told()).isZero();
        assertThat(store.platform("freedom").getWalProofs())
                .satisfies(proofs -> assertThat(proofs.getFault()).isNull());
        assertThat(sent(Notification.class))
                .as("the check has failed")
                .anySatisfy(message -> assertThat(message.getText()).contains("encrypted for another key"));
    }

    @Test
    void yieldsToAnIncident() {
        planned(ARCHIVED, END);
        archivedUntil(after(3600));
        proving(after(DAY));
        var incident =
                Incident.newBuilder(reported("i-1")).setBeganAt(after(DAY)).build();

        admissions.reported(new ReportedIncident(incident, null, false), after(DAY + 5));

        assertThat(facts(AbortRequested.class)).hasSize(1);
    }

    @Test
    void leavesTheArchiveLookedAfterMeanwhile() {
        planned(ARCHIVED, END);
        archivedUntil(after(3600));
        proving(after(DAY));

        for (var care : Caretaker.CARES) {
            caretaker.lookedAfter(care).forEach(platform -> caretaker.tick(care, platform, after(DAY + 1)));
        }

        assertThat(sent(StepCommand.class).stream()
                        .map(StepCommand::getCommand)
                        .filter(ExecuteStep.class::isInstance)
                        .map(command -> ((ExecuteStep) command).getAction().getAction())
                        .filter(KeepWalArchive.class::isInstance))
                .singleElement()
                .satisfies(
                        keep -> assertThat(((KeepWalArchive) keep).getQuiet()).isFalse());
    }

    @Test
    void isNotDoneWhereNothingIsArchived() {
        planned(ARCHIVED.replace("wal: {}", "prove: never, wal: {}"), END);
        assertThat(schedules.toProveWal(after(2 * DAY))).isEmpty();
        planned(DESCRIPTOR, END);
        assertThat(schedules.toProveWal(after(2 * DAY))).isEmpty();
    }

    @Test
    void isRefusedWhereNothingWasEverArchived() {
        planned(DESCRIPTOR, END);

        admissions.commanded(
                OperatorCommand.newBuilder()
                        .setCommandId("c-1")
                        .setPlatform("freedom")
                        .setOperator("ada")
                        .setAt(END)
                        .setCommand(StartRollback.newBuilder()
                                .setRollbackId("rb-w")
                                .setScenario("restore-point-wal-check")
                                .build())
                        .build(),
                END);

        assertThat(facts(CommandRejected.class))
                .singleElement()
                .satisfies(rejected ->
                        assertThat(rejected.getReason()).contains("there is no WAL archive to recover from"));
    }
}
