package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.aftercare.WalCopies;
import io.freedom.rollback.schemas.action.CopyWalArchive;
import io.freedom.rollback.schemas.action.FetchWalArchive;
import io.freedom.rollback.schemas.action.WalArchiveCopied;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.WalArchiveNotStored;
import io.freedom.rollback.schemas.history.WalArchiveStored;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The WAL archive is copied to the store, where the descriptor has both. */
class WalCopiesTest extends CareTest {
    private static final String STORE =
            "store: {s3: {bucket: backups, accessKey: \"${env:KEY}\", secretKey: \"${env:SECRET}\"}}";
    private static final String BOTH =
            DESCRIPTOR.replace("reserve: 512MiB}", "reserve: 512MiB, wal: {keep: 48h}, " + STORE + "}");
    private static final String BEHIND = "the store has what was committed until noon";

    WalCopiesTest() {
        super(WalCopies.class, WalCopies.STEP);
    }

    private List<CopyWalArchive> looks() {
        return looks(CopyWalArchive.class);
    }

    private static StepDone copied(@Nullable Instant until, boolean busy, @Nullable String fault) {
        return done(WalArchiveCopied.newBuilder()
                .setFrom(until == null ? null : after(3))
                .setUntil(until)
                .setBusy(busy)
                .setFault(fault)
                .build());
    }

    @Test
    void asksEachMinuteAndAtOnceWhereTheTimeWasTooShort() {
        registered(BOTH);
        pass(5);
        assertThat(looks()).singleElement().satisfies(look -> {
            assertThat(look.getDirectory()).isEqualTo("/var/backups/freedom");
            assertThat(look.getStore().getBucket()).isEqualTo("backups");
            assertThat(look.getKeepFor()).isEqualTo(48 * 3_600_000L);
            assertThat(look.getRpo()).isEqualTo(15 * 60_000L);
        });
        pass(120);
        assertThat(looks()).as("one at a time").hasSize(1);
        answer(copied(null, true, null));
        pass(5);
        assertThat(looks()).hasSize(2);
        wired(); // another orchestrator goes on
        answer(copied(after(100), false, null));
        pass(55);
        assertThat(looks()).hasSize(2);
        pass(5);
        assertThat(looks()).hasSize(3);
        answer(copied(after(160), false, null));

        assertThat(facts(WalArchiveStored.class)).as("once").containsExactly(new WalArchiveStored(after(3), List.of()));
        assertThat(Objects.requireNonNull(store.platform("freedom").getStoredWal())
                        .getUntil())
                .isEqualTo(after(160));
        assertThat(sent(Notification.class)).isEmpty();
    }

    @Test
    void tellsOnceThatTheStoreIsBehindOrAwayAndOnceThatItFollowsAgain() {
        registered(BOTH);
        pass(5);
        answer(copied(after(5), false, null));
        pass(60);
        answer(new StepError(FailureKind.UNAVAILABLE, "the store does not answer"));
        for (int look = 0; look < 4; look++) {
            pass(60);
            answer(copied(after(5), false, BEHIND));
        }
        assertThat(facts(WalArchiveNotStored.class)).containsExactly(new WalArchiveNotStored(after(5), BEHIND, false));
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: its WAL archive is not copied to the store");
            assertThat(message.getText()).contains(BEHIND, "The store has what was committed until ");
        });
        pass(60);
        answer(copied(after(300), false, null));

        assertThat(facts(WalArchiveStored.class)).hasSize(2);
    }

    @Test
    void derivesAMomentThatTheStoreAloneHas() {
        registered(BOTH);
        start("rb-derived", "restore-point-derive", "2026-03-01T02:00:30Z");

        var plan = facts(RollbackStarted.class).getLast().getPlan();
        assertThat(plan.getSteps())
                .extracting(PlanStep::getId)
                .containsExactly(
                        "backup.fetch-wal", "backup.derive", "backup.manifest", "backup.verify", "backup.hold");
        var fetch = (FetchWalArchive) plan.getSteps().getFirst().getAction().getAction();
        assertThat(fetch.getPointInTime()).isEqualTo("2026-03-01T02:00:30Z");
        assertThat(plan.getSteps().get(1).getDependsOn()).contains("backup.fetch-wal");
    }

    @Test
    void endsOnceTheDescriptorHasNotBoth() {
        registered(BOTH);
        pass(5);
        answer(copied(after(5), false, null));
        registered(DESCRIPTOR.replace("reserve: 512MiB}", "reserve: 512MiB, " + STORE + "}"));
        pass(5);

        assertThat(store.platform("freedom").getStoredWal()).isNull();
        assertThat(facts(WalArchiveNotStored.class))
                .singleElement()
                .satisfies(ended -> assertThat(ended.getEnded()).isTrue());
        pass(600);
        assertThat(looks()).hasSize(1);
    }
}
