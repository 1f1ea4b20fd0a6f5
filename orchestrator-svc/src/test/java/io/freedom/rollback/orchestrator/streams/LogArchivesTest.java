package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.aftercare.LogKeeping;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.KeepLogs;
import io.freedom.rollback.schemas.action.LogArchive;
import io.freedom.rollback.schemas.action.LogsKept;
import io.freedom.rollback.schemas.history.LogArchiveInterrupted;
import io.freedom.rollback.schemas.history.LogsArchived;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The logs of a platform's containers are kept, as its descriptor says. */
class LogArchivesTest extends CareTest {
    private static final int HOUR = 3600;
    private static final String KEPT =
            DESCRIPTOR.replace("reserve: 512MiB}", "reserve: 512MiB, logs: {every: 1h, keep: 24h, bound: 128MiB}}");

    LogArchivesTest() {
        super(LogKeeping.class, LogKeeping.STEP);
    }

    private List<KeepLogs> looks() {
        return looks(KeepLogs.class);
    }

    private StepDone kept(boolean more, String... notes) {
        return done(LogsKept.newBuilder()
                .setUntil(more ? null : after(seconds))
                .setMore(more)
                .setContainers(3)
                .setNotes(List.of(notes))
                .build());
    }

    private static StepError broken() {
        return new StepError(FailureKind.OUTAGE, "Docker does not answer");
    }

    private Instant until() {
        return Objects.requireNonNull(
                Objects.requireNonNull(store.platform("freedom").getLogs()).getUntil());
    }

    @Test
    void hasThemKeptAtOnceAndThenEachHourAlsoAfterARestart() {
        registered(KEPT);
        pass(5);
        assertThat(looks()).singleElement().satisfies(look -> {
            assertThat(look.getCompose().getProject()).isEqualTo("freedom");
            assertThat(look.getCompose().getLogs())
                    .isEqualTo(new LogArchive(
                            "freedom", "/var/backups/freedom", 24L * HOUR * 1000, 128L << 20, 512L << 20));
        });
        answer(new StepAccepted());
        answer(kept(false));
        wired(); // another orchestrator goes on
        pass(HOUR - 5);
        assertThat(looks()).hasSize(1);
        pass(10);
        assertThat(looks()).hasSize(2);
        wired();
        pass(60);
        assertThat(looks()).as("one at a time").hasSize(2);
        answer(kept(false));

        assertThat(facts(LogsArchived.class)).as("once").containsExactly(new LogsArchived(HOUR * 1000L, List.of()));
        assertThat(sent(Notification.class)).isEmpty();
    }

    @Test
    void asksForNothingWhereTheDescriptorDoesNotNameLogs() {
        registered(DESCRIPTOR);
        pass(2 * HOUR);

        assertThat(looks()).isEmpty();
        assertThat(store.platform("freedom").getLogs()).isNull();
    }

    @Test
    void goesOnAtOnceWhereThereWasMoreThanALookKeeps() {
        registered(KEPT);
        pass(5);
        answer(kept(true));
        assertThat(facts(LogsArchived.class)).isEmpty();
        pass(10);
        assertThat(looks()).hasSize(2);
        answer(kept(false));

        assertThat(facts(LogsArchived.class)).hasSize(1);
        assertThat(until()).isEqualTo(after(seconds));
    }

    @Test
    void tellsOnceThatTheyAreNotKeptAndOnceThatTheyAreAgain() {
        registered(KEPT);
        pass(5);
        answer(kept(false));
        var until = until();
        pass(HOUR + 5);
        answer(broken());
        assertThat(facts(LogArchiveInterrupted.class))
                .as("an engine that is restarted is no news")
                .isEmpty();
        for (int look = 0; look < 20; look++) {
            pass(300);
            answer(broken());
        }

        assertThat(facts(LogArchiveInterrupted.class))
                .containsExactly(new LogArchiveInterrupted(until, HOUR * 1000L, "Docker does not answer", false));
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: the logs of its containers are not kept");
            assertThat(message.getText()).contains("Docker does not answer", "What was logged until");
        });
        pass(300);
        answer(kept(false));
        assertThat(facts(LogsArchived.class)).hasSize(2);
        pass(HOUR);
        answer(kept(false));
        assertThat(facts(LogsArchived.class)).hasSize(2);
    }

    @Test
    void tellsThatNobodyAnswersAndWhatKeptAWorkerFromIt() {
        registered(KEPT);
        pass(700);
        assertThat(facts(LogArchiveInterrupted.class))
                .containsExactly(new LogArchiveInterrupted(
                        null, HOUR * 1000L, "no container worker of its site answers", false));

        answer(kept(false), commands().getFirst().getRollbackId(), 1);
        assertThat(facts(LogsArchived.class)).as("of a look that was given up").isEmpty();
        answer(new StepError(FailureKind.UNAVAILABLE, "did not finish in time: its deadline passed"));
        assertThat(Objects.requireNonNull(store.platform("freedom").getLogs()).getFault())
                .isEqualTo("did not finish in time: its deadline passed");
    }

    @Test
    void saysWhatIsLeftOutAsOftenAsThatChanges() {
        registered(KEPT);
        for (var note : List.of("mailer: its log cannot be read", "mailer: its log cannot be read", "")) {
            pass(HOUR);
            answer(note.isEmpty() ? kept(false) : kept(false, note));
        }

        assertThat(facts(LogsArchived.class))
                .extracting(LogsArchived::getNotes)
                .containsExactly(List.of("mailer: its log cannot be read"), List.of());
    }

    @Test
    void goesOnWhileSomethingRunsAndAFailureIsNoNewsThen() {
        registered(KEPT);
        pass(5);
        answer(kept(false));
        start("rb-2", "full-rollback", null);
        pass(HOUR);
        assertThat(looks()).hasSize(2);
        answer(kept(false));
        assertThat(until()).isEqualTo(after(seconds));
        for (int look = 0; look < 5; look++) {
            pass(HOUR);
            answer(broken());
        }
        assertThat(facts(LogArchiveInterrupted.class)).isEmpty();
    }

    @Test
    void theLastLinesAreKeptBeforeARollbackRemovesContainers() {
        registered(KEPT);
        start("rb-2", "full-rollback", null);

        var plan = facts(RollbackStarted.class).getLast().getPlan();
        assertThat(plan.getSteps())
                .extracting(step -> step.getAction().getAction())
                .filteredOn(ComposeDown.class::isInstance)
                .singleElement()
                .satisfies(down ->
                        assertThat(((ComposeDown) down).getCompose().getLogs()).isNotNull());
    }

    @Test
    void endsOnceTheDescriptorDoesNotWantItAnyMore() {
        registered(KEPT);
        pass(5);
        answer(kept(false));
        var until = until();
        pass(HOUR);
        var id = commands().getLast().getRollbackId();
        registered(DESCRIPTOR);
        pass(5);
        answer(kept(false), id, 2);
        pass(3 * HOUR);

        assertThat(looks()).hasSize(2);
        assertThat(store.platform("freedom").getLogs()).isNull();
        assertThat(facts(LogArchiveInterrupted.class))
                .containsExactly(new LogArchiveInterrupted(
                        until, HOUR * 1000L, "the descriptor has no `backups.logs` any more", true));
        assertThat(sent(Notification.class)).isEmpty();

        registered(KEPT);
        pass(5);
        answer(kept(false));
        assertThat(facts(LogsArchived.class)).hasSize(2);
    }
}
