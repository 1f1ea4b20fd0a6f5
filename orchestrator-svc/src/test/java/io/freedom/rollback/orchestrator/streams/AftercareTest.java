package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.Watches;
import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.schemas.action.AnomaliesLookedFor;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.LookForAnomalies;
import io.freedom.rollback.schemas.action.ProveRestorePoint;
import io.freedom.rollback.schemas.action.PruneRestorePoints;
import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.FollowUpDone;
import io.freedom.rollback.schemas.history.FollowUpOverdue;
import io.freedom.rollback.schemas.history.FollowUpsPlanned;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.PlatformRelapsed;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.RpoAtRisk;
import io.freedom.rollback.schemas.history.StabilityWatchEnded;
import io.freedom.rollback.schemas.history.StabilityWatchStarted;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.operator.CompleteFollowUp;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.serde.SpecificAvroSerde;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.ReportedIncident;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.Compensation;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.step.Worker;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What follows a rollback that has succeeded: looks every minute for five minutes, and two things to do. */
class AftercareTest {
    private static final Instant END = Instant.parse("2026-03-01T03:00:00Z");
    private static final String DESCRIPTOR = Descriptors.FREEDOM + """
            watch: {for: 5m, every: 1m, looks: 2}
            followUps: [{what: Write it down, owner: ada, within: 24h}, {what: Review it}]
            notifications: [{name: chat, webhook: "http://127.0.0.1/"}]
            """;

    private final MockProcessorContext<String, Outbound> context = new MockProcessorContext<>();
    private KeyValueStore<String, PlatformState> platforms;
    private KeyValueStore<String, HistoryEvent> events;
    private InMemoryRegistry registry;
    private SagaStore store;
    private Aftercare aftercare;
    private Admissions admissions;
    private Sagas sagas;
    private Schedules schedules;
    private int ids;

    @BeforeEach
    void start() throws IOException {
        registry = new InMemoryRegistry();
        platforms = inMemory("platforms");
        events = inMemory("events");
        wired();
        store.put(Platforms.registered(Platforms.unknown("freedom"), DESCRIPTOR));
        aftercare.begin("freedom", "rb-1", END.minusSeconds(60), END);
    }

    /** As after a restart: what is in memory only is gone. */
    private void wired() {
        store = new SagaStore(platforms, events);
        var publisher = new Publisher(context, TopicCatalogue.withPrefix("rollback."));
        var history = new History(store, publisher);
        var notifications = new Notifications(store, publisher);
        aftercare = new Aftercare(store, history, notifications, publisher);
        sagas = new Sagas(store, history, notifications, aftercare, publisher);
        admissions = new Admissions(store, sagas, history, notifications, publisher);
        schedules = new Schedules(store, admissions, history, notifications);
    }

    private void tick(Instant now) {
        aftercare.watched().forEach(platform -> aftercare.tick(platform, now));
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    private <T extends SpecificRecord> KeyValueStore<String, T> inMemory(String name) {
        var serde = new SpecificAvroSerde<T>();
        serde.configure(Map.of("schema.registry.url", registry.url()), false);
        var built = Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.String(), serde)
                .withLoggingDisabled()
                .withCachingDisabled()
                .build();
        built.init(context.getStateStoreContext(), built);
        return built;
    }

    private <T> List<T> sent(Class<T> type) {
        return context.forwarded().stream()
                .map(forwarded -> forwarded.record().value().value())
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    private <T> List<T> facts(Class<T> type) {
        return sent(HistoryEvent.class).stream()
                .map(HistoryEvent::getEvent)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    private static Instant after(int seconds) {
        return END.plusSeconds(seconds);
    }

    private void answer(int attempt, SpecificRecord event) {
        aftercare.heard(
                StepEvent.newBuilder()
                        .setPlatform("freedom")
                        .setRollbackId("rb-1")
                        .setStepId(Watches.STEP)
                        .setAttempt(attempt)
                        .setWorkerId("w:1")
                        .setAt(END)
                        .setEvent(event)
                        .build(),
                END);
    }

    private static StepDone found(String... anomalies) {
        return new StepDone(
                new StepResult(new AnomaliesLookedFor(
                        List.of(anomalies), 1, 1, 0L, List.of(), anomalies.length == 0 ? List.of() : List.of("api"))),
                "",
                false);
    }

    private static StepDone running(String... services) {
        return new StepDone(
                new StepResult(new AnomaliesLookedFor(List.of(), 1, 1, 0L, List.of(services), List.of())), "", false);
    }

    private void look(int number, SpecificRecord answer) {
        tick(after(60 * number));
        answer(number, answer);
    }

    @Test
    void asksAHealthWorkerEachMinuteUntilTheTimeIsOver() {
        assertThat(facts(StabilityWatchStarted.class))
                .containsExactly(new StabilityWatchStarted("rb-1", after(300), 60_000L));
        tick(after(0));
        answer(1, running("api", "gui"));
        tick(after(59));
        assertThat(sent(StepCommand.class)).as("what runs at once").hasSize(1);

        tick(after(60));
        tick(after(65));
        assertThat(sent(StepCommand.class)).hasSize(2);
        wired(); // another orchestrator goes on
        answer(2, running("gui", "mlx"));
        tick(after(121));

        var commands = sent(StepCommand.class);
        assertThat(commands).extracting(StepCommand::getAttempt).containsExactly(1, 2, 3);
        var look = (LookForAnomalies)
                ((ExecuteStep) commands.getLast().getCommand()).getAction().getAction();
        assertThat(look.getProbes()).hasSize(3).noneMatch(probe -> probe.getPatient());
        assertThat(look.getBegan()).isEqualTo(END.minusSeconds(60));
        assertThat(look.getStableSince()).isEqualTo(END);
        assertThat(look.getLogsSince()).isEqualTo(after(60));
        assertThat(look.getUntil()).isEqualTo(after(121));
        assertThat(look.getServices()).as("not what came later").containsExactly("api", "gui");
        assertThat(look.getUnwell()).isEmpty();

        answer(3, found());
        tick(after(300));

        assertThat(facts(StabilityWatchEnded.class))
                .containsExactly(new StabilityWatchEnded("rb-1", 3, 0, "its time is over"));
        assertThat(store.watched()).isEmpty();
        assertThat(sent(Notification.class)).isEmpty();
    }

    @Test
    void tellsOfARelapseWhenAnomaliesAreFoundTwiceInARow() {
        look(1, found("api is unhealthy"));
        look(2, found());
        look(3, new StepError(FailureKind.OUTAGE, "Docker does not answer"));
        assertThat(facts(PlatformRelapsed.class)).isEmpty();
        look(4, found("api is unhealthy", "2 error lines"));

        assertThat(facts(PlatformRelapsed.class))
                .containsExactly(new PlatformRelapsed("rb-1", List.of("api is unhealthy", "2 error lines"), 2));
        assertThat(facts(StabilityWatchEnded.class))
                .containsExactly(new StabilityWatchEnded("rb-1", 4, 3, "the platform has relapsed"));
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: not well again after rb-1");
            assertThat(message.getText()).contains("api is unhealthy", "you decide", "rollbackctl undo rb-1");
        });
        tick(after(299));
        assertThat(sent(StepCommand.class)).hasSize(4);
    }

    @Test
    void tellsOfARelapseWhenSomethingEndsAgainAndAgain() {
        for (int number = 1; number <= 4; number++) {
            tick(after(60 * (number - 1)));
            answer(number, number % 2 == 1 ? found("api was restarted") : found());
        }
        assertThat(facts(PlatformRelapsed.class)).isEmpty();
        tick(after(240));
        assertThat(look(sent(StepCommand.class).getLast()).getUnwell()).isEmpty();

        answer(5, found("api is exited"));

        assertThat(facts(PlatformRelapsed.class)).as("three of five looks").hasSize(1);
    }

    @Test
    void saysToTheNextLookWhatWasNotWell() {
        look(1, found("api is exited"));
        tick(after(120));

        assertThat(look(sent(StepCommand.class).getLast()).getUnwell()).containsExactly("api");
    }

    @Test
    void countsEachLookOnce() {
        tick(after(60));
        answer(1, found("api is unhealthy"));
        answer(1, found("api is unhealthy"));
        answer(2, found("api is unhealthy"));
        assertThat(facts(PlatformRelapsed.class)).isEmpty();

        tick(after(120));
        answer(1, found("api is unhealthy"));
        assertThat(facts(PlatformRelapsed.class)).isEmpty();
        answer(2, found("api is unhealthy"));
        assertThat(facts(PlatformRelapsed.class)).hasSize(1);
    }

    @Test
    void looksAgainOnlyWhenTheLookBeforeIsOver() {
        store.put(Platforms.registered(store.platform("freedom"), DESCRIPTOR.replace("every: 1m", "every: 2s")));
        tick(after(60));
        tick(after(69));
        assertThat(sent(StepCommand.class))
                .as("hangs, so that a probe takes its 10 s")
                .hasSize(1);
        answer(1, found("api does not answer within 10000 ms"));
        tick(after(70));
        answer(2, found("api does not answer within 10000 ms"));

        assertThat(facts(PlatformRelapsed.class)).hasSize(1);
    }

    @Test
    void tellsOnceWhenNobodyLooksAndGoesOn() {
        for (int seconds = 60; seconds < 250; seconds += 5) {
            tick(after(seconds));
        }

        assertThat(facts(PlatformRelapsed.class)).as("nothing is known of it").isEmpty();
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: nobody looks at it after rb-1");
            assertThat(message.getText()).contains("No health worker answers");
        });
        var looks = sent(StepCommand.class);
        assertThat(looks).hasSizeGreaterThan(2);
        answer(looks.size(), found());
        assertThat(logsSince(looks.getLast()))
                .as("lines of which nobody knows yet")
                .isEqualTo(END);
        tick(after(300));
        assertThat(facts(StabilityWatchEnded.class))
                .containsExactly(new StabilityWatchEnded("rb-1", 1, 0, "its time is over"));
    }

    private static Instant logsSince(StepCommand look) {
        return look(look).getLogsSince();
    }

    private static LookForAnomalies look(StepCommand command) {
        return (LookForAnomalies)
                ((ExecuteStep) command.getCommand()).getAction().getAction();
    }

    private static Plan plan(Phase phase) {
        var step = PlanStep.newBuilder()
                .setId("s")
                .setTitle("s")
                .setPhase(phase)
                .setWorker(Worker.GIT)
                .setAction(new StepAction(new RemoveWorktree("/srv/freedom", "/tmp/w")))
                .setOnFailure(FailurePolicy.COMPENSATE)
                .setTimeout(60_000)
                .setCompensation(Compensation.newBuilder()
                        .setTitle("undo")
                        .setWorker(Worker.GIT)
                        .setAction(new StepAction(new RemoveWorktree("/srv/freedom", "/tmp/w")))
                        .setTimeout(60_000)
                        .build())
                .build();
        return Plan.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setScenario("full-rollback")
                .setRto(1_800_000)
                .setDescriptorHash("")
                .setSteps(List.of(step))
                .build();
    }

    @Test
    void watchesNoLongerWhenSomethingElseChangesThePlatform() {
        sagas.start(new RollbackCommand.Start("rb-2", plan(Phase.ASSESS), null, "ada", null), "freedom", "c", END);
        assertThat(facts(StabilityWatchEnded.class)).isEmpty();
        tick(after(60));
        assertThat(sent(StepCommand.class))
                .as("not while it runs")
                .extracting(StepCommand::getStepId)
                .containsExactly("s");
        admissions.advance(
                "freedom",
                new RollbackCommand.Fail(new AttemptId("s", false, 1), FailureKind.PRECONDITION, "no"),
                null,
                after(61));

        sagas.start(new RollbackCommand.Start("rb-3", plan(Phase.SHUT_DOWN), null, "ada", null), "freedom", "c", END);

        assertThat(facts(StabilityWatchEnded.class))
                .containsExactly(new StabilityWatchEnded("rb-1", 0, 0, "rb-3 has begun"));
    }

    @Test
    void plansWhatIsToBeDoneAndCrossesItOff() {
        var planned = facts(FollowUpsPlanned.class).getFirst().getFollowUps();
        assertThat(planned).extracting(followUp -> followUp.getFollowUpId()).containsExactly("rb-1.1", "rb-1.2");
        assertThat(planned.getFirst().getDue()).isEqualTo(END.plus(Duration.ofHours(24)));

        complete("rb-1.1");
        complete("rb-1.1");

        assertThat(facts(FollowUpDone.class)).containsExactly(new FollowUpDone("rb-1.1", "ada", "by hand"));
        assertThat(facts(CommandRejected.class))
                .singleElement()
                .satisfies(rejected -> assertThat(rejected.getReason())
                        .contains("there is no follow-up rb-1.1 that is still to be done"));
    }

    @Test
    void remindsOnceOfWhatIsNotDoneInTime() {
        var due = END.plus(Duration.ofHours(24));
        remind(due);
        assertThat(facts(FollowUpOverdue.class)).isEmpty();

        wired(); // another orchestrator goes on
        remind(due.plusSeconds(1));
        remind(due.plusSeconds(6));

        assertThat(facts(FollowUpOverdue.class))
                .extracting(overdue -> overdue.getFollowUp().getFollowUpId())
                .containsExactly("rb-1.1", "rb-1.2");
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: overdue after a rollback: 2 follow-ups");
            assertThat(message.getText())
                    .contains("ada: Write it down, due 2026-03-02T03:00:00Z", "rollbackctl follow-ups done rb-1.2");
        });
    }

    @Test
    void remindsNobodyOfWhatIsDone() {
        complete("rb-1.1");
        complete("rb-1.2");
        remind(END.plus(Duration.ofDays(60)));

        assertThat(facts(FollowUpOverdue.class)).isEmpty();
    }

    @Test
    void tellsOnceThatAnIncidentStartsNothingHoweverOftenItIsReported() {
        admissions.unanswered(reported("i-1"), "it has no restore point", END);
        admissions.unanswered(reported("i-2"), "it has no restore point", after(300));
        assertThat(sent(Notification.class)).hasSize(1);
        admissions.unanswered(reported("i-3"), "its target is gone", after(600));
        assertThat(sent(Notification.class)).hasSize(2);
        assertThat(facts(IncidentIgnored.class)).hasSize(3);
    }

    @Test
    void tellsWhatWaitsOnceThePlatformIsLeftToAnOperator() {
        sagas.start(new RollbackCommand.Start("rb-2", plan(Phase.SHUT_DOWN), null, "ada", null), "freedom", "c", END);
        store.put(Platforms.queued(store.platform("freedom"), reported("i-1")));
        admissions.advance("freedom", new RollbackCommand.Abort("ada", "enough", AbortMode.NOW, false), null, after(1));
        assertThat(waiting()).isEmpty();
        admissions.advance(
                "freedom", new RollbackCommand.Cancelled(new AttemptId("s", false, 1), "told to"), null, after(2));

        assertThat(waiting()).hasSize(1);
    }

    private List<Notification> waiting() {
        return sent(Notification.class).stream()
                .filter(message -> message.getText().contains("left the platform to an operator"))
                .toList();
    }

    private static Incident reported(String id) {
        return Incident.newBuilder()
                .setIncidentId(id)
                .setPlatform("freedom")
                .setIncidentClass(IncidentClass.DATA_CORRUPTION)
                .setFingerprint("f")
                .setBeganAt(END)
                .setSummary("broken")
                .setEvidence(Map.of())
                .setSource("test")
                .build();
    }

    // ---- restore points that are taken by themselves ---------------------------------------------------

    private static final String HOURLY = DESCRIPTOR.replace(
            "reserve: 512MiB}", "reserve: 512MiB, every: 1h, keep: {last: 1, daily: 0, weekly: 0, monthly: 0}}");

    private void scheduled(Instant now) {
        schedules.due(now).forEach(platform -> schedules.tick(platform, now));
    }

    private void planned(Instant now, RestorePoint... known) {
        var state = Platforms.registered(store.platform("freedom"), HOURLY);
        for (var point : known) {
            state = Platforms.restorable(state, point);
        }
        store.put(Schedules.planned(state, now));
    }

    private static RestorePoint point(String id, Instant takenAt) {
        return new RestorePoint(id, "/var/backups/freedom/" + id, takenAt, null, null, null);
    }

    @Test
    void takesARestorePointEachHourCountedFromTheNewest() {
        planned(END, point("rb-0", END.minusSeconds(600)));
        scheduled(after(2999));
        assertThat(facts(RollbackStarted.class)).isEmpty();

        wired(); // another orchestrator goes on
        scheduled(after(3001));
        scheduled(after(3006));

        assertThat(facts(RollbackStarted.class)).singleElement().satisfies(started -> {
            assertThat(started.getPlan().getScenario()).isEqualTo("restore-point");
            assertThat(started.getOperator()).isEqualTo("schedule");
            assertThat(started.getReason()).isEqualTo("every 1h");
            assertThat(started.getPlan().getSteps())
                    .noneMatch(step -> step.getId().equals("backup.prune"));
        });
        assertThat(sent(Notification.class)).as("no news").isEmpty();
        assertThat(store.platform("freedom").getNextRestorePoint()).isEqualTo(after(3001 + 3600));
    }

    @Test
    void prunesWithTheNextWhatRetentionDoesNotKeepAndForgetsWhatIsGone() {
        planned(END, point("rb-0", END.minusSeconds(9000)), point("rb-1", END.minusSeconds(8000)));
        scheduled(after(1));

        var prune = facts(RollbackStarted.class).getFirst().getPlan().getSteps().stream()
                .filter(step -> step.getId().equals("backup.prune"))
                .findFirst()
                .orElseThrow();
        assertThat(((PruneRestorePoints) prune.getAction().getAction()).getDirectories())
                .containsExactly("/var/backups/freedom/rb-0");
        assertThat(prune.getDependsOn()).containsExactly("backup.prove");
        assertThat(Platforms.pruned(store.platform("freedom"), List.of("rb-0")).getRestorePoints())
                .extracting(RestorePoint::getId)
                .containsExactly("rb-1");
    }

    @Test
    void learnsFromTheDiskWhatRestorePointsThereAre() {
        planned(END, point("rb-1", END.minusSeconds(100)));
        command(StartRollback.newBuilder()
                .setRollbackId("rb-import")
                .setScenario("restore-point-import")
                .build());
        admissions.advance(
                "freedom",
                new RollbackCommand.Complete(
                        new AttemptId("backup.find-restore-points", false, 1),
                        new StepResult(new RestorePointsFound(
                                List.of(onDisk("rb-0", null), onDisk("rb-bad", "taken after a breach")), List.of())),
                        "",
                        false),
                null,
                after(10));

        assertThat(store.platform("freedom").getRestorePoints())
                .extracting(RestorePoint::getId, RestorePoint::getProvenAt)
                .containsExactly(tuple("rb-0", END.minusSeconds(150)), tuple("rb-1", null));
    }

    private void command(SpecificRecord command) {
        admissions.commanded(
                OperatorCommand.newBuilder()
                        .setCommandId("c-import")
                        .setPlatform("freedom")
                        .setOperator("ada")
                        .setAt(END)
                        .setCommand(command)
                        .build(),
                END);
    }

    private static FoundRestorePoint onDisk(String id, @Nullable String distrust) {
        return FoundRestorePoint.newBuilder()
                .setRestorePointId(id)
                .setDirectory("/var/backups/freedom/" + id)
                .setTakenAt(END.minusSeconds(200))
                .setTakenBy("restore-point")
                .setFiles(3)
                .setBytes(100)
                .setVerifiedAt(END.minusSeconds(190))
                .setProvenAt(END.minusSeconds(150))
                .setDistrust(distrust)
                .build();
    }

    private void warned(Instant now) {
        schedules.atRisk(now).forEach(platform -> schedules.warn(platform, now));
    }

    private void scheduledEvery(String every, RestorePoint... known) {
        planned(END, known);
        var state = Platforms.registered(store.platform("freedom"), HOURLY.replace("every: 1h", "every: " + every));
        store.put(Schedules.planned(state, END));
    }

    @Test
    void tellsOnceBeforeARestoreWouldMissTheObjectiveAndAgainAfterANewerOne() {
        scheduledEvery("10m", point("rb-0", END.minusSeconds(60)));
        warned(after(659));
        assertThat(facts(RpoAtRisk.class)).isEmpty();

        wired(); // another orchestrator goes on
        warned(after(661));
        warned(after(700));
        assertThat(facts(RpoAtRisk.class))
                .containsExactly(new RpoAtRisk("rb-0", END.minusSeconds(60), 900_000L, after(840)));
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: no restore point is taken");
            assertThat(message.getText()).contains("The newest is rb-0", "a restore misses the RPO of 15 min from");
        });

        var newer = Platforms.restorable(store.platform("freedom"), point("rb-1", after(710)));
        store.put(Schedules.objective(newer, after(720)));
        warned(after(1429));
        assertThat(facts(RpoAtRisk.class)).hasSize(1);
        warned(after(1431));
        assertThat(facts(RpoAtRisk.class)).hasSize(2);
    }

    @Test
    void tellsOnlyWhenOneIsOverdueWhereTheScheduleIsSlowerThanTheObjective() {
        scheduledEvery("1h", point("rb-0", END));
        warned(after(4319));
        assertThat(facts(RpoAtRisk.class)).isEmpty();
        warned(after(4321));
        assertThat(facts(RpoAtRisk.class)).hasSize(1);

        store.put(Schedules.planned(Platforms.registered(store.platform("freedom"), DESCRIPTOR), after(5000)));
        warned(after(90_000));
        assertThat(facts(RpoAtRisk.class)).as("taken by hand").hasSize(1);
    }

    @Test
    void tellsWhereNoneWasEverTaken() {
        scheduledEvery("10m");
        warned(after(721));
        assertThat(facts(RpoAtRisk.class)).containsExactly(new RpoAtRisk(null, null, 900_000L, null));
    }

    private void proving(Instant now) {
        schedules.toProve(now).forEach(platform -> schedules.prove(platform, now));
    }

    private static RestorePoint proven(String id, Instant takenAt, Instant provenAt) {
        return RestorePoint.newBuilder(point(id, takenAt)).setProvenAt(provenAt).build();
    }

    /** By the id in the folder that the step names. */
    private String checked() {
        var plan = facts(RollbackStarted.class).getLast().getPlan();
        assertThat(plan.getScenario()).isEqualTo("restore-point-check");
        return ((ProveRestorePoint) plan.getSteps().getLast().getAction().getAction()).getDirectory();
    }

    @Test
    void restoresEachDayTheRestorePointThatWasLongestNotRestored() {
        var day = 86_400;
        planned(
                END,
                proven("rb-0", END.minusSeconds(9000), END.minusSeconds(2L * day)),
                point("rb-1", END.minusSeconds(8000)),
                proven("rb-2", END.minusSeconds(7000), END.minusSeconds(600)));
        proving(after(day - 601));
        assertThat(facts(RollbackStarted.class)).isEmpty();

        wired(); // another orchestrator goes on
        proving(after(day - 599));
        assertThat(checked()).endsWith("/rb-1");
        assertThat(facts(RollbackStarted.class).getLast().getReason()).isEqualTo("one restore point every 24h");

        store.put(Platforms.proven(store.platform("freedom"), "rb-1", after(day)));
        failed(1, FailureKind.PRECONDITION, after(day));
        proving(after(3 * day));
        assertThat(checked()).endsWith("/rb-0");
    }

    private void failed(int attempt, FailureKind kind, Instant now) {
        var id = new AttemptId("backup.verify-restore-point", false, attempt);
        admissions.advance("freedom", new RollbackCommand.Fail(id, kind, "toc.dat was changed"), null, now);
    }

    @Test
    void offersNoLongerWhatIsNotAsItWasTaken() {
        planned(END, point("rb-0", END.minusSeconds(9000)), point("rb-1", END.minusSeconds(8000)));
        proving(after(90_000));
        assertThat(checked()).endsWith("/rb-1");

        failed(1, FailureKind.MISMATCH, after(90_001));
        admissions.advance(
                "freedom",
                new RollbackCommand.Retry(new AttemptId("backup.verify-restore-point", false, 2)),
                null,
                after(90_010));
        failed(2, FailureKind.MISMATCH, after(90_011));

        assertThat(Platforms.offered(store.platform("freedom")))
                .extracting(RestorePoint::getId)
                .containsExactly("rb-0");
        assertThat(sent(Notification.class))
                .extracting(Notification::getTitle)
                .contains("freedom: restore point rb-1 cannot be restored");
        assertThat(sent(Notification.class))
                .allSatisfy(message -> assertThat(message.getText()).contains("toc.dat was changed"));
    }

    @Test
    void waitsWhileSomethingElseRunsOrThePlatformIsLeftToAnOperator() {
        planned(END);
        store.put(Platforms.braked(store.platform("freedom"), "enough"));
        scheduled(after(5));
        assertThat(facts(RollbackStarted.class)).isEmpty();

        store.put(PlatformState.newBuilder(store.platform("freedom"))
                .setBraked(null)
                .build());
        scheduled(after(10));
        assertThat(facts(RollbackStarted.class)).hasSize(1);

        scheduled(after(10 + 3601));
        assertThat(facts(RollbackStarted.class)).as("the first runs still").hasSize(1);
        assertThat(schedules.due(after(10 + 3602))).as("it is not forgotten").containsExactly("freedom");
    }

    @Test
    void endsWhatTheScheduleTakesWhereAnIncidentComes() {
        planned(END);
        scheduled(after(1));
        admissions.reported(new ReportedIncident(reported("i-1"), null), after(2));

        assertThat(facts(AbortRequested.class))
                .singleElement()
                .satisfies(abort -> assertThat(abort.getReason()).contains("an incident was reported"));
    }

    @Test
    void takesNoneOnceTheDescriptorSaysSoNoMore() {
        planned(END);
        store.put(Schedules.planned(Platforms.registered(store.platform("freedom"), DESCRIPTOR), END));

        assertThat(schedules.due(after(100_000))).isEmpty();
    }

    private void remind(Instant now) {
        aftercare.toRemind(now).forEach(platform -> aftercare.remind(platform, now));
    }

    private void complete(String followUp) {
        admissions.commanded(
                OperatorCommand.newBuilder()
                        .setCommandId("c" + ++ids)
                        .setPlatform("freedom")
                        .setOperator("ada")
                        .setReason("by hand")
                        .setAt(END)
                        .setCommand(new CompleteFollowUp(followUp))
                        .build(),
                END);
    }
}
