package io.freedom.rollback.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.action.WorktreeRemoved;
import io.freedom.rollback.schemas.step.CancelStep;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepProgress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A worker that Kafka does not hear of changes nothing once others may. */
@Timeout(20)
class CutOffTest {
    private static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");

    private final AtomicLong nanos = new AtomicLong();
    private final Leases leases = new Leases(nanos::get);
    private final List<StepEvent> published = new CopyOnWriteArrayList<>();
    private final List<String> changes = new CopyOnWriteArrayList<>();
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch changing = new CountDownLatch(1);
    private volatile CountDownLatch goOn = new CountDownLatch(0);
    private volatile CompletableFuture<Void> broker = CompletableFuture.completedFuture(null);

    /** Changes the platform twice. */
    private final StepHandler<RemoveWorktree> handler = new StepHandler<>() {
        @Override
        public Class<RemoveWorktree> action() {
            return RemoveWorktree.class;
        }

        @Override
        public Completed execute(RemoveWorktree action, StepContext step) throws InterruptedException {
            asked.countDown();
            step.checkpoint();
            changes.add("first");
            changing.countDown();
            goOn.await();
            step.checkpoint();
            changes.add("second");
            return new Completed(new WorktreeRemoved(action.getPath()), "removed");
        }
    };

    private final StepRunner runner = new StepRunner(
            List.of(handler),
            new StepEvents("w:1", InstantSource.fixed(NOW), event -> {
                published.add(event);
                return broker;
            }),
            new Secrets(Map.of()),
            InstantSource.fixed(NOW),
            leases,
            4);

    private CompletableFuture<?> submit() {
        return runner.submit(command(
                new ExecuteStep(new StepAction(new RemoveWorktree("/srv", "/tmp/w")), List.of(), NOW.plusSeconds(60))));
    }

    private static StepCommand command(Object what) {
        return StepCommand.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setRollbackId("rb-1")
                .setStepId("git.remove-worktree")
                .setAttempt(1)
                .setCompensation(false)
                .setAt(NOW)
                .setCommand(what)
                .build();
    }

    private void belongs() {
        leases.membership().renew(leases.membership().ask());
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private List<Class<?>> said() {
        return published.stream()
                .<Class<?>>map(event -> event.getEvent().getClass())
                .filter(kind -> kind != StepProgress.class)
                .toList();
    }

    @Test
    void changesNothingBeforeItIsKnownToBelongAndToBeHeard() throws Exception {
        broker = new CompletableFuture<>();
        var step = submit();
        asked.await();
        belongs();
        assertThat(changes).as("nobody may have heard of it").isEmpty();
        broker.complete(null);
        step.get(5, TimeUnit.SECONDS);
        assertThat(changes).containsExactly("first", "second");
        assertThat(said()).containsExactly(StepAccepted.class, StepDone.class);
    }

    @Test
    void waitsAsLongAsItIsNotKnownToBelong() throws Exception {
        var step = submit();
        asked.await();
        await().until(() -> runner.running().size() == 1);
        assertThat(changes).isEmpty();
        belongs();
        step.get(5, TimeUnit.SECONDS);
        assertThat(changes).containsExactly("first", "second");
    }

    @Test
    void isStoppedAmidItsWorkWhenOthersMayTakeItOver() throws Exception {
        belongs();
        goOn = new CountDownLatch(1);
        var step = submit();
        changing.await();
        pass(Duration.ofMillis(4_999));
        Heartbeat.beat(runner);
        Heartbeat.endWhatIsCutOff(runner);
        assertThat(runner.running()).hasSize(1);
        pass(Duration.ofMillis(1));
        Heartbeat.endWhatIsCutOff(runner);
        await().until(() -> runner.running().isEmpty());
        assertThat(said()).as("it is not known whose word counts").containsExactly(StepAccepted.class);
        belongs();
        step.get(5, TimeUnit.SECONDS);
        assertThat(changes).containsExactly("first");
        assertThat(said()).containsExactly(StepAccepted.class, StepCancelled.class);
        assertThat(published.getLast().getEvent())
                .isInstanceOfSatisfying(
                        StepCancelled.class,
                        cancelled -> assertThat(cancelled.getReason()).contains("cut off from Kafka"));
    }

    @Test
    void givesUpWhatNobodyHeardOfForTooLongThoughItIsHeardAgain() throws Exception {
        belongs();
        goOn = new CountDownLatch(1);
        var step = submit();
        changing.await();
        broker = new CompletableFuture<>();
        pass(Duration.ofSeconds(9));
        belongs();
        broker = CompletableFuture.completedFuture(null);
        Heartbeat.beat(runner);
        goOn.countDown();
        step.get(5, TimeUnit.SECONDS);
        assertThat(changes).containsExactly("first");
        assertThat(said()).contains(StepCancelled.class);
    }

    @Test
    void saysNothingOfWhatAnotherHasByNow() throws Exception {
        belongs();
        goOn = new CountDownLatch(1);
        var step = submit();
        changing.await();
        pass(Duration.ofSeconds(6));
        Heartbeat.endWhatIsCutOff(runner);
        await().until(() -> runner.running().isEmpty());
        runner.relinquish(runner.unfinished());
        step.get(5, TimeUnit.SECONDS);
        belongs();
        assertThat(said()).containsExactly(StepAccepted.class);
    }

    @Test
    void answersACancellationOnlyOnceItIsKnownToBelong() throws Exception {
        var said = runner.submit(command(new CancelStep("aborted")));
        assertThat(runner.isBusy()).as("somebody asks").isTrue();
        assertThat(said).isNotDone();
        assertThat(said()).isEmpty();
        belongs();
        said.get(5, TimeUnit.SECONDS);
        assertThat(said()).containsExactly(StepCancelled.class);
        await().until(() -> !runner.isBusy());
    }

    @Test
    void goesOnWhereItBelongedAllTheTime() throws Exception {
        belongs();
        goOn = new CountDownLatch(1);
        var step = submit();
        changing.await();
        pass(Duration.ofSeconds(6));
        belongs();
        goOn.countDown();
        step.get(5, TimeUnit.SECONDS);
        assertThat(changes).containsExactly("first", "second");
    }
}
