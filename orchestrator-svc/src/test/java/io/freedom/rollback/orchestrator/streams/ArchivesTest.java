package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.aftercare.WalArchives;
import io.freedom.rollback.schemas.action.DerivePointInTime;
import io.freedom.rollback.schemas.action.KeepWalArchive;
import io.freedom.rollback.schemas.action.WalArchiveKept;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.RpoAtRisk;
import io.freedom.rollback.schemas.history.WalArchiveInterrupted;
import io.freedom.rollback.schemas.history.WalArchived;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a platform's database commits is archived, as its descriptor says. */
class ArchivesTest extends CareTest {
    private static final String ARCHIVED = DESCRIPTOR.replace(
            "reserve: 512MiB}", "reserve: 512MiB, wal: {base: 12h, keep: 48h, bound: 1GiB, summarize: true}}");

    ArchivesTest() {
        super(WalArchives.class, WalArchives.STEP);
    }

    private List<KeepWalArchive> looks() {
        return looks(KeepWalArchive.class);
    }

    private static StepDone kept(@Nullable Instant from, @Nullable Instant until, boolean busy, String... notes) {
        return done(WalArchiveKept.newBuilder()
                .setFrom(from)
                .setUntil(until)
                .setBusy(busy)
                .setNotes(List.of(notes))
                .build());
    }

    private StepDone well() {
        return kept(after(3), after(seconds), false);
    }

    /** Looks that are answered. */
    private void goesOn(int minutes) {
        for (int minute = 0; minute < minutes; minute++) {
            pass(60);
            answer(well());
        }
    }

    @Test
    void looksAfterItEachMinuteAndSoonerWhereMoreIsKnownShortly() {
        registered(ARCHIVED);
        pass(5);
        assertThat(looks()).singleElement().satisfies(look -> {
            assertThat(look.getWanted()).isTrue();
            assertThat(look.getBaseEvery()).isEqualTo(12 * 3_600_000L);
            assertThat(look.getKeepFor()).isEqualTo(48 * 3_600_000L);
            assertThat(look.getBound()).isEqualTo(1L << 30);
            assertThat(look.getSummarize()).isTrue();
            assertThat(look.getDirectory()).isEqualTo("/var/backups/freedom");
        });
        pass(60);
        assertThat(looks()).as("one at a time").hasSize(1);
        answer(kept(null, null, true, "began"));
        pass(5);
        assertThat(looks()).hasSize(2);
        wired(); // another orchestrator goes on
        answer(kept(after(3), after(70), false, "base backup"));
        assertThat(facts(WalArchived.class)).containsExactly(new WalArchived(after(3), List.of("base backup")));
        pass(55);
        assertThat(looks()).hasSize(2);
        pass(10);
        assertThat(looks()).hasSize(3);
        answer(well());
        goesOn(3);
        assertThat(facts(WalArchived.class)).as("once").hasSize(1);
        assertThat(sent(Notification.class)).isEmpty();
    }

    @Test
    void tellsOnceThatNothingIsArchivedAndOnceThatItIsAgain() {
        registered(ARCHIVED);
        pass(5);
        answer(kept(after(3), after(5), false));
        pass(60);
        answer(new StepError(FailureKind.OUTAGE, "Docker does not answer"));
        goesOn(1);
        assertThat(facts(WalArchiveInterrupted.class))
                .as("one look says nothing")
                .isEmpty();
        var until =
                Objects.requireNonNull(store.platform("freedom").getArchive()).getUntil();
        for (int look = 0; look < 4; look++) {
            pass(60);
            answer(new StepError(FailureKind.OUTAGE, "Docker does not answer"));
        }

        assertThat(facts(WalArchiveInterrupted.class))
                .containsExactly(new WalArchiveInterrupted(until, "Docker does not answer", false));
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: what its database commits is not archived");
            assertThat(message.getText()).contains("Docker does not answer", "is in the WAL archive");
        });
        goesOn(2);
        assertThat(facts(WalArchived.class)).hasSize(2);
    }

    @Test
    void tellsOfWhatNeverWasArchived() {
        registered(ARCHIVED);
        for (int look = 0; look < 3; look++) {
            pass(60);
            answer(done(
                    WalArchiveKept.newBuilder().setFault("wal_level is minimal").build()));
        }

        assertThat(facts(WalArchiveInterrupted.class))
                .containsExactly(new WalArchiveInterrupted(null, "wal_level is minimal", false));
        assertThat(sent(Notification.class)).hasSize(1);
    }

    @Test
    void tellsThatNobodyAnswers() {
        registered(ARCHIVED);
        pass(400);

        assertThat(looks()).hasSizeBetween(3, 4);
        assertThat(facts(WalArchiveInterrupted.class))
                .containsExactly(new WalArchiveInterrupted(null, "no backup worker of its site answers", false));
        answer(well());
        assertThat(facts(WalArchived.class)).hasSize(1);
    }

    @Test
    void saysWhatKeptAWorkerFromLooking() {
        registered(ARCHIVED);
        for (int look = 0; look < 2; look++) {
            pass(60);
            answer(new StepError(FailureKind.UNAVAILABLE, "did not finish in time: its deadline passed"));
        }

        assertThat(facts(WalArchiveInterrupted.class))
                .containsExactly(new WalArchiveInterrupted(null, "did not finish in time: its deadline passed", false));
    }

    @Test
    void looksAgainAtOnceWhereALookPassedFromOneWorkerToAnother() {
        registered(ARCHIVED);
        pass(60);
        for (int handedOn = 0; handedOn < 3; handedOn++) {
            int looks = looks().size();
            answer(new StepCancelled("another worker process had it"));
            pass(6);
            assertThat(looks()).hasSize(looks + 1);
        }
        assertThat(facts(WalArchiveInterrupted.class)).as("nothing is wrong").isEmpty();
    }

    @Test
    void notesAGapInTheHistory() {
        registered(ARCHIVED);
        goesOn(2);
        pass(60);
        answer(kept(null, null, true, "a gap: its replication slot is gone"));
        assertThat(facts(WalArchiveInterrupted.class))
                .containsExactly(new WalArchiveInterrupted(after(120), "a gap: its replication slot is gone", false));
        assertThat(schedules.atRisk(after(seconds)))
                .as("what was archived is not forgotten")
                .isEmpty();
        pass(5);
        answer(kept(null, null, true));
        assertThat(facts(WalArchived.class)).as("nothing can be derived yet").hasSize(1);
        pass(5);
        answer(kept(after(190), after(195), false, "base backup"));

        assertThat(facts(WalArchived.class)).extracting(WalArchived::getSince).containsExactly(after(3), after(190));
    }

    @Test
    void endsItOnceTheDescriptorDoesNotWantItAnyMore() {
        registered(ARCHIVED);
        goesOn(2);
        registered(DESCRIPTOR);
        pass(5);
        assertThat(looks().getLast().getWanted()).isFalse();
        answer(new StepError(FailureKind.UNAVAILABLE, "PostgreSQL does not answer"));
        pass(60);
        assertThat(looks().getLast().getWanted()).isFalse();
        answer(kept(after(3), after(120), false));

        assertThat(store.platform("freedom").getArchive()).isNull();
        assertThat(facts(WalArchiveInterrupted.class))
                .containsExactly(
                        new WalArchiveInterrupted(after(120), "the descriptor has no `backups.wal` any more", true));
        pass(600);
        assertThat(looks()).hasSize(4);
        assertThat(sent(Notification.class)).isEmpty();
    }

    @Test
    void countsAsWhatCanBeRestoredAgainstTheObjective() {
        registered(ARCHIVED);
        goesOn(3);
        assertThat(schedules.atRisk(after(seconds + 719))).isEmpty();
        assertThat(schedules.atRisk(after(seconds + 721))).containsExactly("freedom");

        schedules.warn("freedom", after(seconds + 721));

        assertThat(facts(RpoAtRisk.class))
                .containsExactly(new RpoAtRisk(null, after(seconds), 900_000L, after(seconds + 900), "database"));
        assertThat(sent(Notification.class).getLast().getText())
                .contains("The WAL archive has what was committed until");
    }

    @Test
    void tellsOfARiskOnce() {
        registered(ARCHIVED);
        goesOn(3);
        for (int look = 0; look < 20; look++) {
            pass(60);
            answer(new StepError(FailureKind.OUTAGE, "Docker does not answer"));
            schedules.atRisk(after(seconds)).forEach(platform -> schedules.warn(platform, after(seconds)));
        }
        assertThat(facts(RpoAtRisk.class)).hasSize(1);
    }

    @Test
    void tellsOnceHoweverOftenSomethingElseIsAtWorkMeanwhile() {
        registered(ARCHIVED);
        goesOn(1);
        for (int look = 0; look < 12; look++) {
            if (look % 4 == 2) {
                derive("latest");
            }
            pass(60);
            answer(new StepError(FailureKind.OUTAGE, "no room"));
            if (look % 4 == 3) {
                store.end("freedom");
            }
        }
        assertThat(facts(WalArchiveInterrupted.class)).hasSize(1);
    }

    @Test
    void noticesAGapThatNoAnswerTellsOf() {
        registered(ARCHIVED);
        goesOn(2);
        pass(60);
        answer(kept(after(170), after(175), false));

        assertThat(facts(WalArchiveInterrupted.class))
                .containsExactly(
                        new WalArchiveInterrupted(after(175), "what is archived now does not follow what was", false));
        assertThat(facts(WalArchived.class)).hasSize(2);
    }

    @Test
    void beginsAgainWhereItIsWantedAgainBeforeItHasEnded() {
        registered(ARCHIVED);
        goesOn(1);
        registered(DESCRIPTOR);
        pass(5);
        registered(ARCHIVED);
        answer(kept(after(3), after(60), false));
        pass(5);

        assertThat(looks().getLast().getWanted()).isTrue();
    }

    @Test
    void endsItAlsoWhereALookIsUnderWayWhenItIsNotWantedAnyMore() {
        registered(ARCHIVED);
        pass(5);
        registered(DESCRIPTOR);
        answer(well());
        assertThat(store.platform("freedom").getArchive()).isNotNull();
        pass(60);
        assertThat(looks().getLast().getWanted()).isFalse();
    }

    @Test
    void looksQuietlyWhileSomethingRuns() {
        registered(ARCHIVED);
        goesOn(1);
        derive("latest");
        pass(60);
        assertThat(looks().getLast().getQuiet()).isTrue();
        for (int look = 0; look < 5; look++) {
            answer(new StepError(FailureKind.PRECONDITION, "the server has no running container"));
            pass(60);
        }
        assertThat(facts(WalArchiveInterrupted.class)).isEmpty();
    }

    private void derive(@Nullable String moment) {
        start("rb-derived", "restore-point-derive", moment);
    }

    @Test
    void makesARestorePointOfAMomentAndHoldsIt() {
        registered(ARCHIVED);
        goesOn(1);
        derive("2026-03-01T04:00:30+01:00");

        var plan = facts(RollbackStarted.class).getLast().getPlan();
        assertThat(plan.getSteps())
                .extracting(PlanStep::getId)
                .containsExactly("backup.derive", "backup.manifest", "backup.verify", "backup.hold");
        assertThat(plan.getSteps().get(1).getInputs()).contains("backup.derive");
        var derive = (DerivePointInTime) plan.getSteps().getFirst().getAction().getAction();
        assertThat(derive.getPointInTime()).isEqualTo("2026-03-01T03:00:30Z");
        assertThat(derive.getBackups()).isEqualTo("/var/backups/freedom");
        assertThat(derive.getDirectory()).isEqualTo("/var/backups/freedom/rb-derived");
    }

    @Test
    void refusesMomentsThatAreNone() {
        registered(ARCHIVED);
        derive(null);
        derive("yesterday");
        derive("2026-03-01T05:00:00Z");

        assertThat(facts(CommandRejected.class))
                .extracting(CommandRejected::getReason)
                .satisfiesExactly(
                        none -> assertThat(none).startsWith("say which moment, with --restore-point latest, "),
                        text -> assertThat(text).startsWith("\"yesterday\" is no moment: write latest, "),
                        future -> assertThat(future).endsWith("is in the future"));
        assertThat(facts(RollbackStarted.class)).isEmpty();
    }
}
