package io.freedom.rollback.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.action.VerifyTarget;
import io.freedom.rollback.schemas.action.WorktreeRemoved;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.CancelStep;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.ExtendStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class StepRunnerTest {
    static {
        TrustedSchemas.trust();
    }

    private static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");

    private final List<StepEvent> published = new CopyOnWriteArrayList<>();
    private final Worktrees handler = new Worktrees();
    private final StepEvents reports = new StepEvents("w:1", InstantSource.fixed(NOW), event -> {
        published.add(event);
        return CompletableFuture.completedFuture(null);
    });
    private final StepRunner runner = new StepRunner(
            List.of(handler), reports, new Secrets(Map.of()), InstantSource.fixed(NOW), TestLeases.held(), 4);

    /** A handler whose world is a flag, and which can be held in the midst of its work. */
    private static final class Worktrees implements StepHandler<RemoveWorktree> {
        final CountDownLatch begun = new CountDownLatch(1);
        final List<Integer> executed = new CopyOnWriteArrayList<>();
        volatile CountDownLatch hold = new CountDownLatch(0);
        volatile boolean applied;
        volatile @Nullable RuntimeException defect;

        @Override
        public Class<RemoveWorktree> action() {
            return RemoveWorktree.class;
        }

        @Override
        public Probe probe(RemoveWorktree action, StepContext step) {
            return applied
                    ? new Probe.Applied(new Completed(new WorktreeRemoved(action.getPath()), "was removed"))
                    : new Probe.NotApplied();
        }

        @Override
        public Completed execute(RemoveWorktree action, StepContext step) throws StepFailure, InterruptedException {
            begun.countDown();
            hold.await();
            step.checkpoint();
            var thrown = defect;
            if (thrown != null) {
                throw thrown;
            }
            if (action.getPath().equals("/missing")) {
                throw new StepFailure(FailureKind.PRECONDITION, "there is no /missing");
            }
            executed.add(step.attempt());
            applied = true;
            return new Completed(new WorktreeRemoved(action.getPath()), "removed");
        }
    }

    private static StepCommand execute(int attempt, boolean compensation, SpecificRecord action, Instant deadline) {
        return command(attempt, compensation, new ExecuteStep(new StepAction(action), List.of(), deadline));
    }

    private static StepCommand execute(int attempt) {
        return execute(attempt, false, new RemoveWorktree("/srv", "/tmp/w"), NOW.plusSeconds(60));
    }

    private static StepCommand command(int attempt, boolean compensation, Object command) {
        return StepCommand.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setRollbackId("rb-1")
                .setStepId("git.remove-worktree")
                .setAttempt(attempt)
                .setCompensation(compensation)
                .setAt(NOW)
                .setCommand(command)
                .build();
    }

    private void submit(StepCommand command) throws Exception {
        runner.submit(command).get(5, TimeUnit.SECONDS);
    }

    private List<Object> events() {
        return published.stream().map(StepEvent::getEvent).toList();
    }

    @Test
    void acceptsActsAndReports() throws Exception {
        submit(execute(1));
        assertThat(events()).hasSize(2);
        assertThat(events().getFirst()).isInstanceOf(StepAccepted.class);
        assertThat(events().getLast()).isInstanceOfSatisfying(StepDone.class, done -> {
            assertThat(done.getDetail()).isEqualTo("removed");
            assertThat(done.getAlreadyApplied()).isFalse();
        });
    }

    @Test
    void hasTheEffectOfOneWhenACommandIsDeliveredTwice() throws Exception {
        submit(execute(1));
        submit(execute(1));
        assertThat(handler.executed).containsExactly(1);
        assertThat(events().getLast())
                .isInstanceOfSatisfying(
                        StepDone.class,
                        done -> assertThat(done.getAlreadyApplied()).isTrue());
    }

    @Test
    void letsAHigherAttemptTakeOverAndTheLowerOneChangeNothing() throws Exception {
        handler.hold = new CountDownLatch(1);
        var first = runner.submit(execute(1));
        handler.begun.await();
        handler.hold = new CountDownLatch(0);
        submit(execute(2));
        first.get(5, TimeUnit.SECONDS);
        assertThat(handler.executed).containsExactly(2);
        assertThat(events()).anyMatch(StepCancelled.class::isInstance);
    }

    @Test
    void refusesAStaleAttempt() throws Exception {
        submit(execute(2));
        published.clear();
        handler.applied = false;
        submit(execute(1));
        assertThat(handler.executed).containsExactly(2);
        assertThat(published).isEmpty();
    }

    @Test
    void neverRunsAStepBesideItsCompensation() throws Exception {
        handler.hold = new CountDownLatch(1);
        var forward = runner.submit(execute(1));
        handler.begun.await();
        handler.hold = new CountDownLatch(0);
        submit(execute(1, true, new RemoveWorktree("/srv", "/tmp/w"), NOW.plusSeconds(60)));
        assertThat(forward).isDone();
        assertThat(handler.executed).as("only the compensation acted").hasSize(1);
    }

    @Test
    void stopsWhenCancelledAndSaysSo() throws Exception {
        handler.hold = new CountDownLatch(1);
        var step = runner.submit(execute(1));
        handler.begun.await();
        submit(command(1, false, new CancelStep("aborted by ada")));
        step.get(5, TimeUnit.SECONDS);
        assertThat(events().getLast())
                .isInstanceOfSatisfying(
                        StepCancelled.class,
                        cancelled -> assertThat(cancelled.getReason()).isEqualTo("aborted by ada"));
        assertThat(handler.executed).isEmpty();
    }

    @Test
    void answersTheCancellationOfAStepThatIsNotHere() throws Exception {
        submit(command(1, false, new CancelStep("aborted by ada")));
        assertThat(events()).singleElement().isInstanceOf(StepCancelled.class);
    }

    @Test
    void acceptsAtOnceWhatWaitsForItsTurnAndBeatsForIt() throws Exception {
        var one = new StepRunner(
                List.of(handler), reports, new Secrets(Map.of()), InstantSource.fixed(NOW), TestLeases.held(), 1);
        handler.hold = new CountDownLatch(1);
        var first = one.submit(execute(1));
        handler.begun.await();
        var second = one.submit(
                StepCommand.newBuilder(execute(1)).setStepId("another").build());

        await().until(() -> accepted("another") && waits("another", one));
        Heartbeat.beat(one);

        assertThat(published).anySatisfy(event -> {
            assertThat(event.getStepId()).isEqualTo("another");
            assertThat(((SpecificRecord) event.getEvent()).toString()).contains("waits for its turn");
        });
        handler.hold.countDown();
        first.get(5, TimeUnit.SECONDS);
        second.get(5, TimeUnit.SECONDS);
    }

    private boolean accepted(String step) {
        return published.stream()
                .anyMatch(event -> event.getStepId().equals(step) && event.getEvent() instanceof StepAccepted);
    }

    private static boolean waits(String step, StepRunner runner) {
        return runner.unfinished().stream()
                .anyMatch(attempt -> attempt.stepId().equals(step)
                        && attempt.lastProgress().getNote().contains("waits for its turn"));
    }

    @Test
    void aSuccessThatCannotBeSaidForLongIsStillOne() throws Exception {
        var heard = new CompletableFuture<Void>();
        var slow = new StepEvents("w:1", InstantSource.fixed(NOW), event -> {
            published.add(event);
            return event.getEvent() instanceof StepDone ? heard : CompletableFuture.completedFuture(null);
        });
        var waiting = new StepRunner(
                List.of(handler), slow, new Secrets(Map.of()), InstantSource.fixed(NOW), TestLeases.held(), 1);
        var step = waiting.submit(execute(1));
        await().until(() -> events().stream().anyMatch(StepDone.class::isInstance));

        assertThat(step).isNotDone();
        heard.completeExceptionally(new IllegalStateException("Send failed"));

        await().until(step::isCompletedExceptionally);
        assertThat(events()).hasSize(2).last().isInstanceOf(StepDone.class);
    }

    @Test
    void saysThatAResultIsTooLargeToBeReported() throws Exception {
        var bounded = new StepEvents("w:1", InstantSource.fixed(NOW), event -> {
            published.add(event);
            return event.getEvent() instanceof StepDone
                    ? CompletableFuture.failedFuture(new RecordTooLargeException("1200000 bytes"))
                    : CompletableFuture.completedFuture(null);
        });
        new StepRunner(List.of(handler), bounded, new Secrets(Map.of()), InstantSource.fixed(NOW), TestLeases.held(), 1)
                .submit(execute(1))
                .get(5, TimeUnit.SECONDS);

        assertThat(events().getLast())
                .isInstanceOfSatisfying(
                        StepError.class,
                        error -> assertThat(error.getMessage())
                                .contains("its result cannot be reported", "1200000 bytes"));
    }

    @Test
    void handsBackWhatAnotherProcessMayHaveDone() throws Exception {
        runner.handBack(execute(1)).get(5, TimeUnit.SECONDS);
        assertThat(handler.executed).isEmpty();
        assertThat(events())
                .singleElement()
                .isInstanceOfSatisfying(
                        StepCancelled.class,
                        cancelled -> assertThat(cancelled.getReason()).contains("another worker process"));
        submit(execute(2));
        assertThat(handler.executed).containsExactly(2);
    }

    @Test
    void handsBackWhatItBeganItselfOnlyOnceThatHasEnded() throws Exception {
        handler.hold = new CountDownLatch(1);
        runner.submit(execute(1));
        handler.begun.await();
        runner.relinquish(runner.running());
        runner.handBack(execute(1)).get(5, TimeUnit.SECONDS);
        assertThat(runner.running()).isEmpty();
        assertThat(handler.executed).isEmpty();
        assertThat(events()).last().isInstanceOf(StepCancelled.class);
    }

    @Test
    void leavesANewerAttemptAloneWhenAnOlderIsHandedBack() throws Exception {
        handler.hold = new CountDownLatch(1);
        var newer = runner.submit(execute(2));
        handler.begun.await();
        runner.handBack(execute(1)).get(5, TimeUnit.SECONDS);
        handler.hold.countDown();
        newer.get(5, TimeUnit.SECONDS);
        assertThat(handler.executed).containsExactly(2);
    }

    @Test
    void saysNothingOfWhatAnotherProcessTakesOver() throws Exception {
        handler.hold = new CountDownLatch(1);
        var step = runner.submit(execute(1));
        handler.begun.await();
        var ended = runner.relinquish(runner.running());
        step.get(5, TimeUnit.SECONDS);
        ended.get(5, TimeUnit.SECONDS);
        Heartbeat.beat(runner);
        assertThat(events()).singleElement().isInstanceOf(StepAccepted.class);
        assertThat(handler.executed).isEmpty();
    }

    @Test
    void reportsAnExpectedFailureWithItsKind() throws Exception {
        submit(execute(1, false, new RemoveWorktree("/srv", "/missing"), NOW.plusSeconds(60)));
        assertThat(events().getLast()).isEqualTo(new StepError(FailureKind.PRECONDITION, "there is no /missing"));
    }

    @Test
    void reportsADefectInsteadOfDying() throws Exception {
        handler.defect = new IllegalStateException("oops");
        submit(execute(1));
        assertThat(events().getLast())
                .isInstanceOfSatisfying(
                        StepError.class, error -> assertThat(error.getKind()).isEqualTo(FailureKind.INTERNAL));
    }

    @Test
    void refusesACommandWhoseTimeIsOver() throws Exception {
        submit(execute(1, false, new RemoveWorktree("/srv", "/tmp/w"), NOW.minusSeconds(1)));
        assertThat(events().getLast())
                .isInstanceOfSatisfying(
                        StepError.class, error -> assertThat(error.getMessage()).contains("its deadline passed"));
        assertThat(handler.executed).isEmpty();
    }

    @Test
    void goesOnPastItsDeadlineWhenItIsGivenMoreTime() throws Exception {
        handler.hold = new CountDownLatch(1);
        var step = runner.submit(execute(1, false, new RemoveWorktree("/srv", "/tmp/w"), NOW));
        handler.begun.await();
        submit(command(1, false, new ExtendStep(NOW.plusSeconds(600))));
        assertThat(runner.running())
                .singleElement()
                .satisfies(attempt -> assertThat(attempt.deadline()).isEqualTo(NOW.plusSeconds(600)));
        handler.hold.countDown();
        step.get(5, TimeUnit.SECONDS);
        assertThat(handler.executed).containsExactly(1);
    }

    @Test
    void endsEarlierWhenItsTimeIsShortened() throws Exception {
        handler.hold = new CountDownLatch(1);
        var step = runner.submit(execute(1));
        handler.begun.await();
        submit(command(1, false, new ExtendStep(NOW.minusSeconds(1))));
        handler.hold.countDown();
        step.get(5, TimeUnit.SECONDS);
        assertThat(handler.executed).isEmpty();
        assertThat(events().getLast())
                .isInstanceOfSatisfying(
                        StepError.class, error -> assertThat(error.getMessage()).contains("its deadline passed"));
    }

    @Test
    void saysNothingOfMoreTimeForAnAttemptThatIsNotHere() throws Exception {
        submit(execute(1));
        published.clear();
        submit(command(1, false, new ExtendStep(NOW.plusSeconds(600))));
        submit(command(2, false, new ExtendStep(NOW.plusSeconds(600))));
        assertThat(published).isEmpty();
    }

    @Test
    void refusesAnActionItDoesNotKnow() throws Exception {
        submit(execute(1, false, new VerifyTarget("/srv", "tag", List.of(), false), NOW.plusSeconds(60)));
        assertThat(events().getLast()).isInstanceOfSatisfying(StepError.class, error -> {
            assertThat(error.getKind()).isEqualTo(FailureKind.INVALID);
            assertThat(error.getMessage()).contains("does not know the action VerifyTarget");
        });
    }
}
