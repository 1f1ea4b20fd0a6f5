package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DropReplacedDatabases;
import io.freedom.rollback.schemas.action.ReplacedDatabasesDropped;
import io.freedom.rollback.schemas.action.RestorePointHeld;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.operator.UndoRollback;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.ReplacedDatabases;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Databases that were replaced: kept, accepted, expired. */
class ReplacedTest extends OneTask {
    private static final String DROP = "backup.drop-replaced";

    private void starting(String scenario, @Nullable String of) {
        operator(StartRollback.newBuilder()
                .setRollbackId("rb-" + scenario)
                .setScenario(scenario)
                .setRestorePoint(of)
                .build());
    }

    private static ReplacedDatabasesDropped dropped(String rollback) {
        return new ReplacedDatabasesDropped(rollback, List.of("shop__before_" + rollback), 1L);
    }

    private List<ReplacedDatabases> kept() {
        return store.platform("freedom").getReplaced();
    }

    private void expiring(Instant now) {
        schedules.toDrop(now).forEach(platform -> schedules.drop(platform, now));
    }

    private List<String> dropping() {
        return facts(RollbackStarted.class).stream()
                .map(started -> started.getOperator() + ": " + started.getReason() + ", "
                        + ((DropReplacedDatabases) started.getPlan()
                                        .getSteps()
                                        .getFirst()
                                        .getAction()
                                        .getAction())
                                .getRollbackId())
                .toList();
    }

    @Test
    void keepsThemForAsLongAsTheRestorePointOfTheirRollbackIsHeld() {
        starting("restore-point", null);
        var rollback = Objects.requireNonNull(store.live("freedom")).rollback;
        var restored = new DatabaseRestored("shop__before_it", List.of(), List.of(), List.of());
        new Replaced(store)
                .learn(
                        rollback,
                        new RollbackEvent.Succeeded(
                                new AttemptId("backup.restore-database", false, 1),
                                new StepResult(restored),
                                "",
                                false),
                        END);

        var hold = Duration.ofDays(30);
        assertThat(kept()).containsExactly(new ReplacedDatabases("rb-restore-point", END.plus(hold)));
    }

    @Test
    void keepsThemLongerWhereSomebodyHoldsTheRestorePointForLonger() {
        var point = new RestorePoint("rb-1", "/var/backups/freedom/rb-1", END, null, null, null);
        var state = Platforms.restorable(store.platform("freedom"), point);
        store.put(Platforms.replaced(Platforms.replaced(state, "rb-1", after(10)), "rb-2", after(20)));

        starting("restore-point-hold", "rb-1");
        done("backup.hold", new RestorePointHeld(after(100)), END);

        assertThat(kept())
                .containsExactlyInAnyOrder(
                        new ReplacedDatabases("rb-1", after(100)), new ReplacedDatabases("rb-2", after(20)));
    }

    @Test
    void dropsThemOnceSomebodyAcceptsAndUndoesThatRollbackNoMore() {
        var state = PlatformState.newBuilder(Platforms.handled(store.platform("freedom"), "rb-1"))
                .setUndoable("rb-1")
                .build();
        store.put(Platforms.replaced(state, "rb-1", after(1000)));

        starting("acceptance", "rb-1");
        assertThat(store.platform("freedom").getUndoable())
                .as("before anything is dropped")
                .isNull();
        assertThat(kept()).hasSize(1);
        done(DROP, dropped("rb-1"), after(1));

        assertThat(kept()).isEmpty();
        assertThat(dropping()).containsExactly("ada: null, rb-1");
        operator(new UndoRollback("rb-1", true));
        assertThat(facts(CommandRejected.class).getLast().getReason())
                .endsWith("which is none: it was undone, or accepted");
    }

    @Test
    void leavesAnotherRollbackItsWayBack() {
        var state = PlatformState.newBuilder(store.platform("freedom"))
                .setUndoable("rb-2")
                .build();
        store.put(Platforms.replaced(state, "rb-1", after(1000)));

        starting("acceptance", "rb-1");
        done(DROP, dropped("rb-1"), after(1));

        assertThat(store.platform("freedom").getUndoable()).isEqualTo("rb-2");
    }

    @Test
    void dropsThemByItselfInTimeAndTriesAgainADayLaterWhereItCannot() {
        store.put(Platforms.replaced(store.platform("freedom"), "rb-1", after(10)));
        expiring(after(9));
        assertThat(dropping()).isEmpty();

        wired(); // another orchestrator goes on
        expiring(after(11));
        expiring(after(12));
        assertThat(dropping()).containsExactly("schedule: kept until " + after(10) + ", rb-1");
        admissions.advance(
                "freedom",
                new RollbackCommand.Fail(
                        new AttemptId(DROP, false, 1), FailureKind.PRECONDITION, "somebody looks at it"),
                null,
                after(13));
        assertThat(store.live("freedom")).isNull();

        var again = after(11).plus(Duration.ofDays(1));
        expiring(again);
        assertThat(dropping()).hasSize(1);
        expiring(again.plusSeconds(1));
        done(DROP, dropped("rb-1"), again.plusSeconds(2));
        assertThat(dropping()).hasSize(2);
        assertThat(kept()).isEmpty();
    }

    @Test
    void waitsWhileAnythingRuns() {
        store.put(Platforms.replaced(store.platform("freedom"), "rb-1", after(10)));
        starting("restore-point", null);
        expiring(after(11));

        assertThat(facts(RollbackStarted.class)).hasSize(1);
        assertThat(kept()).containsExactly(new ReplacedDatabases("rb-1", after(10)));
    }
}
