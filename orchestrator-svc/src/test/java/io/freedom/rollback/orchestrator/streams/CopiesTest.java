package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.StoreCopies;
import io.freedom.rollback.schemas.action.CopyRestorePoints;
import io.freedom.rollback.schemas.action.FetchRestorePoints;
import io.freedom.rollback.schemas.action.RestorePointsCopied;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.RestorePointsStored;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StoreInterrupted;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Restore points are copied to the store that the descriptor names. */
class CopiesTest extends CareTest {
    private static final String STORED = DESCRIPTOR.replace(
            "reserve: 512MiB}",
            "reserve: 512MiB, store: {s3: {bucket: backups, accessKey: \"${env:KEY}\", secretKey:"
                    + " \"${env:SECRET}\"}}}");
    private static final String AWAY = "the store does not answer: see whether it runs";

    CopiesTest() {
        super(StoreCopies.class, StoreCopies.STEP);
    }

    private List<CopyRestorePoints> looks() {
        return looks(CopyRestorePoints.class);
    }

    private static StepDone copied(boolean busy, @Nullable String fault, String... stored) {
        return done(RestorePointsCopied.newBuilder()
                .setStored(List.of(stored))
                .setBusy(busy)
                .setFault(fault)
                .build());
    }

    private static StepError away() {
        return new StepError(FailureKind.UNAVAILABLE, AWAY);
    }

    @Test
    void asksEveryFiveMinutesAndAtOnceWhereTheTimeWasTooShort() {
        registered(STORED);
        pass(5);
        assertThat(looks()).singleElement().satisfies(look -> {
            assertThat(look.getDirectory()).isEqualTo("/var/backups/freedom");
            assertThat(look.getStore().getSecretKey()).isEqualTo("${env:SECRET}");
        });
        pass(400);
        assertThat(looks()).as("one at a time").hasSize(1);
        answer(copied(true, null, "rb-0"));
        pass(5);
        assertThat(looks()).hasSize(2);
        wired(); // another orchestrator goes on
        answer(copied(false, null, "rb-0", "rb-1"));
        pass(290);
        assertThat(looks()).hasSize(2);
        pass(10);
        assertThat(looks()).hasSize(3);
        answer(copied(false, null, "rb-0", "rb-1"));

        assertThat(facts(RestorePointsStored.class))
                .as("what is news")
                .extracting(RestorePointsStored::getStored)
                .containsExactly(List.of("rb-0"), List.of("rb-0", "rb-1"));
        assertThat(sent(Notification.class)).isEmpty();
    }

    @Test
    void tellsOnceThatTheStoreIsNotReachedAndOnceThatItIsAgain() {
        registered(STORED);
        pass(5);
        answer(copied(false, null, "rb-0"));
        for (int look = 0; look < 5; look++) {
            pass(300);
            answer(away());
        }
        assertThat(facts(StoreInterrupted.class)).containsExactly(new StoreInterrupted(AWAY, false));
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: its restore points are not copied to the store");
            assertThat(message.getText()).contains(AWAY);
        });
        pass(300);
        answer(copied(false, null, "rb-0"));
        pass(300);
        answer(copied(false, null, "rb-0"));

        assertThat(facts(RestorePointsStored.class)).hasSize(2);
    }

    @Test
    void tellsThatNobodyAnswers() {
        registered(STORED);
        pass(1300);

        assertThat(facts(StoreInterrupted.class))
                .containsExactly(new StoreInterrupted("no backup worker of its site answers", false));
    }

    @Test
    void saysWhatIsStoredWhileOneCannotBeCopied() {
        registered(STORED);
        for (int look = 0; look < 3; look++) {
            pass(300);
            answer(copied(false, "rb-1 is not copied: it was changed", "rb-0"));
        }
        assertThat(facts(RestorePointsStored.class))
                .containsExactly(
                        new RestorePointsStored(List.of("rb-0"), List.of(), "rb-1 is not copied: it was changed"));
        assertThat(facts(StoreInterrupted.class)).hasSize(1);
    }

    @Test
    void hasRemovedThereWhatRetentionRemovedAndIsStored() {
        registered(STORED);
        pass(5);
        answer(copied(false, null, "rb-0", "rb-1"));
        var state = store.platform("freedom");
        store.put(Platforms.copied(
                state,
                StoreCopies.removed(
                        Objects.requireNonNull(state.getCopies()), List.of("rb-0", "rb-7"), after(seconds))));
        pass(5);
        assertThat(looks().getLast().getRemoved()).containsExactly("rb-0");
        answer(away());
        pass(300);
        assertThat(looks().getLast().getRemoved()).as("until it is gone").containsExactly("rb-0");
        answer(copied(false, null, "rb-1"));
        pass(300);
        assertThat(looks().getLast().getRemoved()).isEmpty();
    }

    @Test
    void endsOnceTheDescriptorHasNoStore() {
        registered(STORED);
        pass(5);
        registered(DESCRIPTOR);
        pass(5);

        assertThat(store.platform("freedom").getCopies()).isNull();
        assertThat(facts(StoreInterrupted.class))
                .singleElement()
                .satisfies(ended -> assertThat(ended.getEnded()).isTrue());
        pass(600);
        assertThat(looks()).hasSize(1);
    }

    @Test
    void importFetchesTheNewestAndGoesOnWithoutOrTheOneThatIsAskedForOrNothing() {
        registered(STORED);
        importing("rb-a", null);
        assertThat(plan()).extracting(PlanStep::getId).containsExactly("backup.fetch", "backup.find-restore-points");
        assertThat(plan().getFirst().getOnFailure()).isEqualTo(FailurePolicy.CONTINUE);
        store.end("freedom");

        importing("rb-b", "rb-0");

        var fetch = (FetchRestorePoints) plan().getFirst().getAction().getAction();
        assertThat(fetch.getRestorePoint()).isEqualTo("rb-0");
        assertThat(plan().getFirst().getOnFailure()).isNotEqualTo(FailurePolicy.CONTINUE);
    }

    @Test
    void refusesToFetchWhereThereIsNoStore() {
        importing("rb-a", "rb-0");

        assertThat(facts(CommandRejected.class))
                .singleElement()
                .satisfies(refused ->
                        assertThat(refused.getReason()).contains("has no `backups.store` to fetch rb-0 from"));
    }

    private List<PlanStep> plan() {
        return facts(RollbackStarted.class).getLast().getPlan().getSteps();
    }

    private void importing(String rollback, @Nullable String restorePoint) {
        start(rollback, "restore-point-import", restorePoint);
    }
}
