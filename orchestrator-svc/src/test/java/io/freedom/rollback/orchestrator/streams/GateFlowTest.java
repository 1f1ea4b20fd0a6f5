package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.GateApproved;
import io.freedom.rollback.schemas.history.GateExpired;
import io.freedom.rollback.schemas.history.GateOpened;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.NotificationsTested;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.notification.WebhookChannel;
import io.freedom.rollback.schemas.operator.ApproveGate;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.TestNotifications;
import io.freedom.rollback.schemas.serde.SpecificAvroSerde;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCommand;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A plan with a gate, from its start to the topics; no scenario needs to have one. */
class GateFlowTest {
    private static final Instant START = Instant.parse("2026-03-01T03:00:00Z");

    private static final String DESCRIPTOR = """
            apiVersion: rollback.freedom.io/v1
            name: freedom
            workTree: /srv/freedom
            target: graveyard/pre-reset
            backups: {directory: /var/backups/freedom}
            notifications:
              - {name: chat, webhook: "${env:CHAT}"}
              - {name: everything, webhook: "http://127.0.0.1/hook", about: [attention, outcome, start]}
            """;

    private final MockProcessorContext<String, Outbound> context = new MockProcessorContext<>();
    private InMemoryRegistry registry;
    private SagaStore store;
    private Sagas sagas;
    private Admissions admissions;
    private int ids;

    @BeforeEach
    void start() throws IOException {
        registry = new InMemoryRegistry();
        store = new SagaStore(
                this.<PlatformState>inMemory("platforms"), this.<HistoryEvent>inMemory("events"), _ -> {});
        store.put(Platforms.registered(Platforms.unknown("freedom"), DESCRIPTOR));
        var publisher = new Publisher(context, TopicCatalogue.withPrefix("rollback."));
        var history = new History(store, publisher);
        var notifications = new Notifications(store, publisher);
        sagas = new Sagas(
                store, history, notifications, new Aftercare(store, history, notifications, publisher), publisher);
        admissions = new Admissions(
                store,
                sagas,
                new Reports(store, history),
                new SitePermits(store, SiteLimits.NONE, history, notifications, publisher),
                history,
                notifications,
                publisher);
        sagas.start(new RollbackCommand.Start("rb-1", plan(), null, "ada", null), "freedom", "c0", START);
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

    private static Plan plan() {
        var gate = PlanStep.newBuilder()
                .setId("ask")
                .setTitle("Approve the loss")
                .setPhase(Phase.ASSESS)
                .setWorker(Worker.ORCHESTRATOR)
                .setAction(new StepAction(
                        new AwaitApproval(List.of("removes pgdata", "loses 3 rows"), 2, GateExpiry.REJECT, false)))
                .setOnFailure(FailurePolicy.COMPENSATE)
                .setTimeout(600_000)
                .build();
        var remove = PlanStep.newBuilder()
                .setId("remove")
                .setTitle("Remove")
                .setPhase(Phase.SHUT_DOWN)
                .setWorker(Worker.GIT)
                .setAction(new StepAction(new RemoveWorktree("/srv/freedom", "/tmp/w")))
                .setDependsOn(List.of("ask"))
                .setTimeout(60_000)
                .build();
        return Plan.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setScenario("full-rollback")
                .setRto(1_800_000)
                .setDescriptorHash("")
                .setSteps(List.of(gate, remove))
                .build();
    }

    private void approves(String operator, Instant at) {
        admissions.commanded(
                OperatorCommand.newBuilder()
                        .setCommandId("c" + ++ids)
                        .setPlatform("freedom")
                        .setOperator(operator)
                        .setAt(at)
                        .setCommand(new ApproveGate("rb-1", "ask"))
                        .build(),
                at);
    }

    private List<String> told(String channel) {
        return sent(Notification.class).stream()
                .filter(message -> message.getChannel().equals(channel))
                .map(Notification::getTitle)
                .toList();
    }

    @Test
    void tellsEachChannelOfWhatItIsAbout() {
        assertThat(told("everything"))
                .containsExactly("freedom: full-rollback has begun", "freedom: full-rollback waits for approval");
        assertThat(told("chat")).containsExactly("freedom: full-rollback waits for approval");
        var gate = sent(Notification.class).getLast();
        assertThat(gate.getText())
                .contains(
                        "Started by ada.",
                        "removes pgdata",
                        "Without an answer by 2026-03-01T03:10:00Z it counts as rejected.",
                        "rollbackctl approve rb-1 ask");
        assertThat(sent(Notification.class))
                .extracting(Notification::getNotificationId)
                .doesNotHaveDuplicates();

        admissions.advance("freedom", new RollbackCommand.Expire("ask"), null, START.plusSeconds(601));

        assertThat(told("chat"))
                .hasSize(2)
                .last(as(STRING))
                .isEqualTo("freedom: full-rollback was refused; nothing was touched");
    }

    @Test
    void tellsNobodyOfAGateThatItsStarterHasAnswered() {
        var gates = new AwaitApproval(List.of("loses 3 rows"), 1, GateExpiry.REJECT, true);
        var one = Plan.newBuilder(plan());
        one.setSteps(List.of(
                PlanStep.newBuilder(one.getSteps().getFirst())
                        .setAction(new StepAction(gates))
                        .build(),
                one.getSteps().getLast()));
        admissions.advance("freedom", new RollbackCommand.Expire("ask"), null, START.plusSeconds(601));
        int before = told("chat").size();

        sagas.start(new RollbackCommand.Start("rb-2", one.build(), null, "ada", null), "freedom", "c9", START);

        assertThat(facts()).filteredOn(GateOpened.class::isInstance).hasSize(2);
        assertThat(told("chat")).hasSize(before);
    }

    @Test
    void sendsATestToTheChannelThatIsAskedFor() {
        command(new TestNotifications("chat"));

        var tested = (NotificationsTested) facts().getLast();
        var message = sent(Notification.class).getLast();
        assertThat(tested.getNotifications()).containsExactly(message.getNotificationId());
        assertThat(message.getChannel()).isEqualTo("chat");
        assertThat(message.getVia()).isEqualTo(new WebhookChannel("${env:CHAT}"));

        command(new TestNotifications("pager"));

        assertThat(facts())
                .last()
                .isEqualTo(new CommandRejected("there is no channel pager: choose one of chat, everything"));
    }

    private void command(SpecificRecord command) {
        admissions.commanded(
                OperatorCommand.newBuilder()
                        .setCommandId("c" + ++ids)
                        .setPlatform("freedom")
                        .setOperator("ada")
                        .setAt(START)
                        .setCommand(command)
                        .build(),
                START);
    }

    private <T> List<T> sent(Class<T> type) {
        return context.forwarded().stream()
                .map(forwarded -> forwarded.record().value().value())
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    private List<Object> facts() {
        return sent(HistoryEvent.class).stream().map(HistoryEvent::getEvent).toList();
    }

    private RollbackStatus status() {
        return sent(RollbackStatus.class).getLast();
    }

    @Test
    void tellsOperatorsWhatTheGateAsksAndNoWorkerAnything() {
        assertThat(facts().getLast()).isEqualTo(new GateOpened("ask", START.plusSeconds(600)));
        assertThat(sent(StepCommand.class)).isEmpty();
        assertThat(status().getState()).isEqualTo(RollbackState.AWAITING_APPROVAL);
        assertThat(status().getReason()).isEqualTo("ask waits for approval");
        assertThat(status().getSteps().getFirst()).satisfies(gate -> {
            assertThat(gate.getState()).isEqualTo(StepState.AWAITING_APPROVAL);
            assertThat(gate.getDetail())
                    .isEqualTo("0 of 2 approvals; rejected at 2026-03-01T03:10:00Z without an answer: removes pgdata;"
                            + " loses 3 rows");
        });
    }

    @Test
    void goesOnWhenTwoOperatorsHaveApproved() {
        approves("ada", START.plusSeconds(5));
        assertThat(facts().getLast()).isEqualTo(new GateApproved("ask", "ada", null, 1, 2));
        assertThat(status().getSteps().getFirst().getDetail()).startsWith("1 of 2 approvals (ada)");
        approves("ada", START.plusSeconds(6));
        assertThat(facts().getLast()).isInstanceOf(CommandRejected.class);
        approves("bob", START.plusSeconds(7));
        assertThat(sent(StepCommand.class))
                .singleElement()
                .satisfies(command -> assertThat(command.getStepId()).isEqualTo("remove"));
        assertThat(status().getState()).isEqualTo(RollbackState.RUNNING);
    }

    @Test
    void expiresByTheClock() {
        assertThat(due(START.plusSeconds(599))).isEmpty();
        var late = START.plus(Duration.ofSeconds(601));
        due(late).forEach(command -> admissions.advance("freedom", command, null, late));
        assertThat(facts()).contains(new GateExpired("ask", GateExpiry.REJECT));
        assertThat(facts().getLast()).isInstanceOf(RollbackFinished.class);
        assertThat(status().getState()).isEqualTo(RollbackState.REFUSED);
    }

    private List<RollbackCommand> due(Instant now) {
        var live = store.live("freedom");
        return SagaTimers.due(live.rollback, live.signs, now);
    }
}
