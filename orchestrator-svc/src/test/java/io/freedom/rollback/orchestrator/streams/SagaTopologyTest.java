package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.FilesChecked;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentDuplicated;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.PlanPreviewed;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StabilityWatchStarted;
import io.freedom.rollback.schemas.history.StepDispatched;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.operator.AbortRollback;
import io.freedom.rollback.schemas.operator.ChangeTimeout;
import io.freedom.rollback.schemas.operator.CheckPlatform;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.PauseRollback;
import io.freedom.rollback.schemas.operator.PreviewPlan;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.operator.ResumeRollback;
import io.freedom.rollback.schemas.operator.RetryStep;
import io.freedom.rollback.schemas.operator.SkipStep;
import io.freedom.rollback.schemas.operator.StartDrill;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.operator.UndoRollback;
import io.freedom.rollback.schemas.registry.RegistryClient;
import io.freedom.rollback.schemas.serde.SpecificAvroSerde;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.step.CancelStep;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.ExtendStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SagaTopologyTest {
    private static final TopicCatalogue TOPICS = TopicCatalogue.withPrefix("rollback.");

    @TempDir
    private Path state;

    private InMemoryRegistry registry;
    private TopologyTestDriver driver;
    private final List<HistoryEvent> history = new ArrayList<>();
    private final List<StepCommand> commands = new ArrayList<>();
    private int ids;

    @BeforeEach
    void start() throws IOException {
        registry = new InMemoryRegistry();
        var builder = new StreamsBuilder();
        new SagaTopology(
                        TOPICS,
                        Map.of("schema.registry.url", registry.url()),
                        new Mishaps(),
                        new RecoveryPoints(InstantSource.system()))
                .addTo(builder);
        var settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:9092");
        settings.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
        driver = new TopologyTestDriver(builder.build(), settings, Instant.parse("2026-03-01T03:00:00Z"));
    }

    @AfterEach
    void stop() {
        driver.close();
        registry.close();
    }

    // ---- given ----------------------------------------------------------------------------------

    private <T extends SpecificRecord> SpecificAvroSerde<T> serde() {
        var serde = new SpecificAvroSerde<T>();
        serde.configure(Map.of("schema.registry.url", registry.url()), false);
        return serde;
    }

    private TestInputTopic<String, byte[]> incidents() {
        return driver.createInputTopic(TOPICS.incidents().name(), new StringSerializer(), new ByteArraySerializer());
    }

    private void operator(SpecificRecord command) {
        driver.<String, OperatorCommand>createInputTopic(
                        TOPICS.operatorCommands().name(),
                        new StringSerializer(),
                        this.<OperatorCommand>serde().serializer())
                .pipeInput(
                        "freedom",
                        OperatorCommand.newBuilder()
                                .setCommandId("c" + ++ids)
                                .setPlatform("freedom")
                                .setOperator("ada")
                                .setAt(Instant.EPOCH)
                                .setCommand(command)
                                .build());
        collect();
    }

    private void registered() {
        operator(new RegisterPlatform(Descriptors.FREEDOM));
    }

    private static byte[] alert(String platform, String fingerprint, String status) {
        return alert(platform, fingerprint, status, "service-degradation");
    }

    private static byte[] alert(String platform, String fingerprint, String status, String incidentClass) {
        return """
            {"version":"4","status":"%3$s","alerts":[{"status":"%3$s","fingerprint":"%2$s",
             "startsAt":"2026-03-01T02:58:00Z","labels":{"alertname":"GatewayDown","platform":"%1$s",
             "incident_class":"%4$s"},"annotations":{"summary":"gateway answers 500"}}]}
            """.formatted(platform, fingerprint, status, incidentClass).getBytes(StandardCharsets.UTF_8);
    }

    private void report(byte[] body) {
        incidents().pipeInput("any", body);
        collect();
    }

    private void worker(StepCommand command, SpecificRecord event) {
        driver.<String, StepEvent>createInputTopic(
                        TOPICS.stepEvents().name(),
                        new StringSerializer(),
                        this.<StepEvent>serde().serializer())
                .pipeInput(
                        command.getPlatform(),
                        StepEvent.newBuilder()
                                .setPlatform(command.getPlatform())
                                .setRollbackId(command.getRollbackId())
                                .setStepId(command.getStepId())
                                .setAttempt(command.getAttempt())
                                .setCompensation(command.getCompensation())
                                .setWorkerId("w:1")
                                .setAt(Instant.EPOCH)
                                .setEvent(event)
                                .build());
        collect();
    }

    private static SpecificRecord done() {
        return new StepDone(new StepResult(new FilesChecked(1, 1)), "done", false);
    }

    private void collect() {
        history.addAll(driver.createOutputTopic(
                        TOPICS.history().name(),
                        new StringDeserializer(),
                        this.<HistoryEvent>serde().deserializer())
                .readValuesToList());
        for (var worker : TopicCatalogue.workers()) {
            commands.addAll(driver.createOutputTopic(
                            TOPICS.commands(worker).name(),
                            new StringDeserializer(),
                            this.<StepCommand>serde().deserializer())
                    .readValuesToList());
        }
    }

    private List<DeadLetter> deadIncidents() {
        return driver.createOutputTopic(
                        TOPICS.deadLetters(TOPICS.incidents()).name(),
                        new ByteArrayDeserializer(),
                        this.<DeadLetter>serde().deserializer())
                .readValuesToList();
    }

    private List<RollbackStatus> statuses() {
        return driver.createOutputTopic(
                        TOPICS.status().name(),
                        new StringDeserializer(),
                        this.<RollbackStatus>serde().deserializer())
                .readValuesToList();
    }

    private static RollbackEvent fact(HistoryEvent event) {
        return HistoryMapper.fromAvro(event.getRollbackId(), event.getEvent()).orElseThrow();
    }

    private List<Object> facts() {
        return history.stream().map(HistoryEvent::getEvent).toList();
    }

    /** Answers every command as it comes, until none is left. */
    private void workersSucceed() {
        while (!commands.isEmpty()) {
            var command = commands.removeFirst();
            if (command.getCommand() instanceof ExecuteStep) {
                worker(command, done());
            }
        }
    }

    // ---- then -----------------------------------------------------------------------------------

    @Test
    void rollsBackWhenAnAlertFires() {
        registered();
        report(alert("freedom", "f1", "firing"));
        workersSucceed();

        assertThat(facts()).first().isInstanceOf(PlatformRegistered.class);
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);
        assertThat(facts())
                .filteredOn(RollbackFinished.class::isInstance)
                .singleElement()
                .isInstanceOfSatisfying(
                        RollbackFinished.class,
                        finished -> assertThat(finished.getOutcome()).isEqualTo(Outcome.SUCCEEDED));
        assertThat(facts().getLast()).isInstanceOf(StabilityWatchStarted.class);
        assertThat(statuses().getLast().getState()).isEqualTo(RollbackState.SUCCEEDED);
    }

    private static SpecificRecord touched(String... paths) {
        var found = new TargetVerified("4f2a91c", 1, List.of(), List.of(paths), List.of(), List.of());
        return new StepDone(new StepResult(found), "1 commit", false);
    }

    @Test
    void rollsBackTheServicesThatAFailedDeploymentTouched() {
        registered();
        report(alert("freedom", "f1", "firing", "deployment-failure"));
        assertThat(commands).singleElement().extracting(StepCommand::getStepId).isEqualTo("git.verify-target");
        report(alert("freedom", "f2", "firing", "deployment-failure"));
        driver.advanceWallClockTime(Duration.ofSeconds(7));

        worker(commands.removeFirst(), touched("services/api/main.py"));

        var looked = statuses().stream()
                .filter(status -> status.getScenario().equals("selective-rollback"))
                .toList();
        assertThat(looked.getLast().getState()).isEqualTo(RollbackState.SUCCEEDED);
        var id = looked.getLast().getContinuedBy();
        assertThat(id).isEqualTo(looked.getLast().getRollbackId() + "-2");
        var started = facts().stream()
                .filter(RollbackStarted.class::isInstance)
                .map(RollbackStarted.class::cast)
                .toList();
        assertThat(started).hasSize(2);
        assertThat(started.getLast().getPlan().getScenario()).isEqualTo("service-rollback");
        assertThat(started.getLast().getPlan().getServices()).containsExactly("api");
        assertThat(started.getLast().getReason())
                .isEqualTo("since graveyard/pre-reset only api changed: services/api/main.py");
        assertThat(started.getLast().getPlan().getRto())
                .as("20 minutes, of which looking took some")
                .isEqualTo(1_200_000 - 7_000);
        workersSucceed();

        for (var fingerprint : List.of("f1", "f2")) {
            report(alert("freedom", fingerprint, "firing", "deployment-failure"));
            assertThat(facts().getLast())
                    .as("joined the look, is answered by what followed")
                    .isInstanceOfSatisfying(
                            IncidentDuplicated.class,
                            duplicated -> assertThat(duplicated.getRollbackId()).isEqualTo(id));
        }
    }

    @Test
    void passesOverTheServiceThatAnAlertNamesWhereTheScenarioIsOfTheWholePlatform() {
        registered();
        report(new String(alert("freedom", "f1", "firing"), StandardCharsets.UTF_8)
                .replace("\"alertname\"", "\"service\":\"api\",\"alertname\"")
                .getBytes(StandardCharsets.UTF_8));

        assertThat(facts().getLast()).isNotInstanceOf(IncidentIgnored.class);
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);
    }

    @Test
    void startsNothingWhereADeploymentTouchedNothingAndSaysSo() {
        registered();
        report(alert("freedom", "f1", "firing", "deployment-failure"));

        worker(commands.removeFirst(), touched("README.md"));

        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        IncidentIgnored.class,
                        ignored -> assertThat(ignored.getReason()).contains("freedom is as at graveyard/pre-reset"));
        assertThat(statuses().getLast().getReason()).contains("freedom is as at graveyard/pre-reset");
        assertThat(commands).isEmpty();
    }

    private void drill(String copy, String scenario) {
        driver.<String, OperatorCommand>createInputTopic(
                        TOPICS.operatorCommands().name(),
                        new StringSerializer(),
                        this.<OperatorCommand>serde().serializer())
                .pipeInput(
                        copy,
                        OperatorCommand.newBuilder()
                                .setCommandId("c" + ++ids)
                                .setPlatform(copy)
                                .setOperator("ada")
                                .setAt(Instant.EPOCH)
                                .setCommand(StartDrill.newBuilder()
                                        .setDrillId("drill-" + ids)
                                        .setDescriptor(Descriptors.FREEDOM)
                                        .setScenario(scenario)
                                        .setRestorePoint("rb-0")
                                        .setRestorePointDirectory("/var/backups/freedom/rb-0")
                                        .setRestorePointTakenAt(Instant.EPOCH)
                                        .build())
                                .build());
        collect();
    }

    @Test
    void drillsBesideThePlatformWhichStaysFree() {
        registered();
        drill("freedom-drill", "service-restart");
        assertThat(commands.getFirst().getPlatform()).isEqualTo("freedom-drill");
        drill("freedom-drill", "service-restart");
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason()).contains("a drill of this platform runs already"));

        report(alert("freedom", "f1", "firing"));
        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .as("the drill, and beside it the rollback")
                .hasSize(2);
        workersSucceed();

        assertThat(facts())
                .filteredOn(RollbackFinished.class::isInstance)
                .extracting(fact -> ((RollbackFinished) fact).getOutcome())
                .containsExactly(Outcome.SUCCEEDED, Outcome.SUCCEEDED);
        assertThat(history)
                .filteredOn(event -> event.getEvent() instanceof StabilityWatchStarted)
                .as("nobody watches what is gone")
                .extracting(HistoryEvent::getPlatform)
                .containsExactly("freedom");
    }

    @Test
    void refusesDrillsThatThereCannotBe() {
        drill("freedom-drill", "data-migration");
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason()).contains("there is no drill of data-migration"));
        drill("elsewhere", "service-restart");
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason()).contains("freedom-drill", "elsewhere"));
        assertThat(commands).isEmpty();
    }

    @Test
    void endsALookForAnIncident() {
        registered();
        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), "look-1"));
        assertThat(facts()).hasAtLeastOneElementOfType(PlanPreviewed.class);
        var looking = List.copyOf(commands);
        assertThat(looking)
                .isNotEmpty()
                .allMatch(command -> command.getRollbackId().equals("look-1"));

        report(alert("freedom", "f1", "firing"));
        assertThat(facts()).hasAtLeastOneElementOfType(IncidentQueued.class);
        for (var command : List.copyOf(commands)) {
            if (command.getCommand() instanceof CancelStep) {
                worker(command, new StepCancelled("told to"));
            }
        }

        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .extracting(fact -> ((RollbackStarted) fact).getPlan().getScenario())
                .as("the look, and what does not wait for it")
                .containsExactly("preview", "full-rollback");
    }

    @Test
    void startsWhatAnOperatorAsksForOnceALookHasEnded() {
        registered();
        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), "look-1"));
        operator(new StartRollback("rb-0", "no-such-scenario", null, null, null, List.of()));
        assertThat(facts().getLast()).isInstanceOf(CommandRejected.class);
        assertThat(facts()).noneMatch(AbortRequested.class::isInstance);

        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of()));
        assertThat(facts()).hasAtLeastOneElementOfType(AbortRequested.class);
        for (var command : List.copyOf(commands)) {
            if (command.getCommand() instanceof CancelStep) {
                worker(command, new StepCancelled("told to"));
            }
        }

        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .extracting(fact -> ((RollbackStarted) fact).getPlan().getScenario())
                .containsExactly("preview", "full-rollback");
        assertThat(facts()).filteredOn(CommandRejected.class::isInstance).hasSize(1);
    }

    @Test
    void saysWhyNobodyLooks() {
        registered();
        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of()));
        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), "look-1"));

        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        PlanPreviewed.class,
                        previewed -> assertThat(previewed.getNotLooked())
                                .isEqualTo("rollback rb-1 runs and is changing it"));
    }

    @Test
    void recordsWhatAnOperatorChoseNotToTake() {
        registered();
        operator(new StartRollback(
                "rb-1", "service-restart", null, null, IncidentClass.DEPLOYMENT_FAILURE, List.of("api")));

        assertThat(facts().getLast()).isInstanceOf(StepDispatched.class);
        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .singleElement()
                .extracting(fact -> ((RollbackStarted) fact).getPlan().getOverrides())
                .isEqualTo("selective-rollback");
    }

    @Test
    void restartsWhatIsDegradedThoughNoFileHasChanged() {
        operator(new RegisterPlatform(
                Descriptors.FREEDOM.replace("incidents: {SERVICE_DEGRADATION: full-rollback}\n", "")));
        report(alert("freedom", "f1", "firing"));

        worker(commands.removeFirst(), touched("README.md"));

        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .extracting(fact -> ((RollbackStarted) fact).getPlan().getScenario())
                .containsExactly("selective-rollback", "service-restart");
        workersSucceed();
        assertThat(facts())
                .filteredOn(RollbackFinished.class::isInstance)
                .extracting(fact -> ((RollbackFinished) fact).getOutcome())
                .containsExactly(Outcome.SUCCEEDED, Outcome.SUCCEEDED);
    }

    @Test
    void remembersHowLongStepsTookForTheNextPlanOfTheSameScenario() {
        registered();
        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), null));
        collect();
        assertThat(((PlanPreviewed) facts().getLast()).getPlan().getSteps())
                .extracting(PlanStep::getExpected)
                .containsOnly(0L);
        report(alert("freedom", "f1", "firing"));
        workersSucceed();

        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), null));
        operator(new PreviewPlan("restore-point", null, null, null, List.of(), null));

        collect();
        var plans = facts().stream()
                .filter(PlanPreviewed.class::isInstance)
                .map(fact -> ((PlanPreviewed) fact).getPlan())
                .toList();
        assertThat(plans.get(1).getSteps()).extracting(PlanStep::getExpected).doesNotContain(0L);
        assertThat(plans.get(2).getSteps()).extracting(PlanStep::getExpected).containsOnly(0L);
    }

    @Test
    void chainsTheHistoryOfARollbackWithoutAGap() {
        registered();
        report(alert("freedom", "f1", "firing"));
        workersSucceed();

        var chain =
                history.stream().filter(event -> event.getRollbackId() != null).toList();
        for (int i = 1; i < chain.size(); i++) {
            assertThat(chain.get(i).getSequence()).isEqualTo(i + 1);
            assertThat(chain.get(i).getPreviousHash())
                    .isEqualTo(chain.get(i - 1).getHash());
        }
    }

    @Test
    void rebuildsTheStateFromTheHistoryAlone() {
        registered();
        report(alert("freedom", "f1", "firing"));
        worker(commands.removeFirst(), done());
        var chain =
                history.stream().filter(event -> event.getRollbackId() != null).toList();
        var folded = RollbackDecider.evolve(
                null, List.of(fact(chain.getFirst())), chain.getFirst().getAt());
        for (var event : chain.subList(1, chain.size())) {
            folded = RollbackDecider.evolve(folded, List.of(fact(event)), event.getAt());
        }
        assertThat(StatusView.of(folded, new Signs(), Instant.EPOCH).getSteps())
                .isEqualTo(statuses().getLast().getSteps());
    }

    @Test
    void rollsBackOnceWhenTheSameIncidentIsPublishedTwice() {
        registered();
        report(alert("freedom", "f1", "firing"));
        report(alert("freedom", "f1", "firing"));
        workersSucceed();
        report(alert("freedom", "f1", "firing"));

        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);
        assertThat(facts()).filteredOn(IncidentDuplicated.class::isInstance).hasSize(2);
    }

    @Test
    void mergesAnotherIncidentOfAPlatformThatIsBeingRolledBack() {
        registered();
        report(alert("freedom", "f1", "firing"));
        report(alert("freedom", "f2", "firing"));
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);
        assertThat(facts()).filteredOn(IncidentMerged.class::isInstance).hasSize(1);
    }

    @Test
    void letsABreachWaitForARollbackOfItsOwnWhereTheRunningOneKeepsTheDatabaseServer() {
        registered();
        report(alert("freedom", "f1", "firing"));
        var breach = new String(alert("freedom", "f2", "firing"), StandardCharsets.UTF_8)
                .replace("service-degradation", "security-breach");
        report(breach.getBytes(StandardCharsets.UTF_8));
        assertThat(facts()).filteredOn(IncidentQueued.class::isInstance).hasSize(1);
        workersSucceed();
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(2);
    }

    @Test
    void startsAnIncidentThatWaitedWhileARestorePointWasTaken() {
        registered();
        operator(new StartRollback("rb-point", "restore-point", null, null, null, List.of()));
        report(alert("freedom", "f1", "firing"));
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);
        workersSucceed();
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(2);
    }

    @Test
    void startsNothingForAResolvedAlert() {
        registered();
        report(alert("freedom", "f1", "resolved"));
        assertThat(facts().getLast()).isInstanceOf(IncidentIgnored.class);
        assertThat(commands).isEmpty();
    }

    @Test
    void writesAnIncidentOfAnUnknownPlatformToTheDeadLettersWithItsBytes() {
        var body = alert("elsewhere", "f1", "firing");
        report(body);
        assertThat(deadIncidents()).singleElement().satisfies(letter -> {
            assertThat(letter.getReason())
                    .contains("platform elsewhere is not registered", "rollbackctl platform register");
            assertThat(letter.getValue().array()).isEqualTo(body);
            assertThat(letter.getTopic()).isEqualTo(TOPICS.incidents().name());
        });
    }

    @Test
    void writesWhatCannotBeReadToTheDeadLetters() {
        report("{\"version\":\"4\",\"alerts\":[{\"status\":\"firing\"}]}".getBytes(StandardCharsets.UTF_8));
        report(new byte[] {0, 1, 2});
        report("not json".getBytes(StandardCharsets.UTF_8));
        var reasons = deadIncidents().stream().map(DeadLetter::getReason).toList();
        assertThat(reasons).hasSize(3);
        assertThat(reasons.get(0)).contains("alerts[0]", "\"startsAt\" is missing");
        assertThat(reasons.get(2)).contains("neither Avro in Confluent wire format nor JSON");
    }

    @Test
    void answersAPreviewWithThePlanAndRunsNothing() {
        registered();
        operator(new PreviewPlan("full-rollback", null, null, null, List.of(), null));
        assertThat(facts().getLast()).isInstanceOf(PlanPreviewed.class);
        assertThat(commands).isEmpty();
    }

    private static List<String> kept(Plan plan) {
        return plan.getSteps().stream()
                .map(step -> step.getAction().getAction())
                .filter(ComposeDown.class::isInstance)
                .flatMap(down -> ((ComposeDown) down).getKeep().stream())
                .toList();
    }

    @Test
    void previewsThePlanOfAnIncidentClassThatIsTheIncidentsOwn() {
        registered();
        operator(new PreviewPlan("", null, null, IncidentClass.SECURITY_BREACH, List.of(), null));
        var previewed = ((PlanPreviewed) facts().getLast()).getPlan();
        report(new String(alert("freedom", "f1", "firing"), StandardCharsets.UTF_8)
                .replace("service-degradation", "security-breach")
                .getBytes(StandardCharsets.UTF_8));
        var started = facts().stream()
                .filter(RollbackStarted.class::isInstance)
                .map(fact -> ((RollbackStarted) fact).getPlan())
                .findFirst()
                .orElseThrow();

        assertThat(kept(previewed)).as("database server").isEmpty();
        assertThat(previewed.getIncidentClass())
                .isEqualTo(IncidentClass.SECURITY_BREACH)
                .isEqualTo(started.getIncidentClass());
        assertThat(previewed.getSteps().stream().map(PlanStep::getTitle))
                .isEqualTo(started.getSteps().stream().map(PlanStep::getTitle).toList());
    }

    @Test
    void recordsTheClassThatAnOperatorNamesAndRestartsTheDatabaseServerAfterABreach() {
        registered();
        operator(new StartRollback("rb-1", "", null, null, IncidentClass.SECURITY_BREACH, List.of()));

        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .singleElement()
                .isInstanceOfSatisfying(RollbackStarted.class, started -> {
                    assertThat(started.getPlan().getIncidentClass()).isEqualTo(IncidentClass.SECURITY_BREACH);
                    assertThat(started.getPlan().getScenario()).isEqualTo("full-rollback");
                    assertThat(kept(started.getPlan())).isEmpty();
                    assertThat(started.getOperator()).isEqualTo("ada");
                });
        assertThat(statuses().getLast().getTrigger()).isEqualTo("ada: SECURITY_BREACH");
    }

    @Test
    void asksForTheRestorePointWhereAnOperatorNamesADataCorruption() {
        registered();
        operator(new PreviewPlan("", null, null, IncidentClass.DATA_CORRUPTION, List.of(), null));
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason())
                                .contains("name a restore point from before it began", "there is none of freedom")
                                .contains("say --restore-point none"));
    }

    @Test
    void startsNothingForAClassThatTheDescriptorHasNoScenarioFor() {
        operator(new RegisterPlatform(
                Descriptors.FREEDOM.replace("{SERVICE_DEGRADATION", "{SECURITY_BREACH: none, SERVICE_DEGRADATION")));
        operator(new StartRollback("rb-1", "", null, null, IncidentClass.SECURITY_BREACH, List.of()));
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason())
                                .contains("no scenario for SECURITY_BREACH", "Choose one of full-rollback, "));
    }

    @Test
    void trustsNoRestorePointThatWasTakenOfADatabaseAnOperatorCallsCorrupt() {
        registered();
        operator(new StartRollback("rb-bad", "restore-point", null, null, IncidentClass.DATA_CORRUPTION, List.of()));
        restorePointVerified("rb-bad");
        operator(new PreviewPlan("full-rollback", null, "latest", null, List.of(), null));
        assertThat(facts().getLast()).isInstanceOf(CommandRejected.class);

        operator(new StartRollback("rb-good", "restore-point", null, null, null, List.of()));
        restorePointVerified("rb-good");
        operator(new PreviewPlan("full-rollback", null, "latest", null, List.of(), null));
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        PlanPreviewed.class,
                        previewed -> assertThat(previewed.getPlan().getRestorePoint())
                                .isEqualTo("/var/backups/freedom/rb-good"));
    }

    /** Every command is answered as done, the last one with the restore point. */
    private void restorePointVerified(String id) {
        while (!commands.isEmpty()) {
            var command = commands.removeFirst();
            var point = new RestorePointVerified(id, "/var/backups/freedom/" + id, Instant.EPOCH, 1, 1L);
            boolean last = command.getStepId().equals("backup.verify");
            worker(command, last ? new StepDone(new StepResult(point), "verified", false) : done());
        }
    }

    @Test
    void tellsWhyAStepOfACheckFailed() {
        operator(new CheckPlatform("rb-check", Descriptors.FREEDOM));
        var probe = commands.stream()
                .filter(command -> command.getStepId().equals("health.probe-1"))
                .findFirst()
                .orElseThrow();
        worker(probe, new StepError(FailureKind.MISMATCH, "→ 500, expected 200"));
        assertThat(statuses().getLast().getSteps())
                .filteredOn(step -> step.getId().equals("health.probe-1"))
                .singleElement()
                .satisfies(step -> {
                    assertThat(step.getFailure()).isEqualTo(FailureKind.MISMATCH);
                    assertThat(step.getDetail()).isEqualTo("→ 500, expected 200");
                });
        commands.remove(probe);
        workersSucceed();
        assertThat(statuses().getLast().getState()).isEqualTo(RollbackState.SUCCEEDED);
    }

    @Test
    void rejectsWhatMakesNoSenseAndSaysWhatToDo() {
        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of()));
        registered();
        operator(new StartRollback("rb-1", "no-such", null, null, null, List.of()));
        operator(new AbortRollback("rb-1", AbortMode.NOW, true));
        operator(new StartRollback("../../etc", "full-rollback", null, null, null, List.of()));
        operator(new RegisterPlatform("name: [broken"));
        var reasons = facts().stream()
                .filter(CommandRejected.class::isInstance)
                .map(fact -> ((CommandRejected) fact).getReason())
                .toList();
        assertThat(reasons).hasSize(5);
        assertThat(reasons.get(0)).contains("not registered");
        assertThat(reasons.get(1)).contains("there is no scenario no-such: choose one of full-rollback");
        assertThat(reasons.get(2)).contains("rollback rb-1 is not running");
        assertThat(reasons.get(3)).contains("is not of the form");
        assertThat(reasons.get(4)).contains("platform.yaml:1");
    }

    @Test
    void sendsAStepAgainWithAHigherAttemptWhenItsWorkerFallsSilent() {
        registered();
        report(alert("freedom", "f1", "firing"));
        int dispatched = commands.size();
        driver.advanceWallClockTime(SagaTimers.NOT_TAKEN.plusSeconds(1));
        collect();
        assertThat(commands.subList(dispatched, commands.size()))
                .hasSize(dispatched)
                .allMatch(command -> command.getAttempt() == 2);
    }

    @Test
    void cancelsRunningStepsWhenAborted() {
        registered();
        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of()));
        commands.clear();
        operator(new AbortRollback("rb-1", AbortMode.NOW, true));
        assertThat(commands).isNotEmpty().allMatch(command -> command.getCommand() instanceof CancelStep);
    }

    private void started() {
        registered();
        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of()));
    }

    private List<String> rejections() {
        return facts().stream()
                .filter(CommandRejected.class::isInstance)
                .map(fact -> ((CommandRejected) fact).getReason())
                .toList();
    }

    @Test
    void sendsNoCommandWhilePausedAndGoesOnWhenResumed() {
        started();
        operator(new PauseRollback("rb-1"));
        workersSucceed();
        assertThat(statuses().getLast()).satisfies(status -> {
            assertThat(status.getState()).isEqualTo(RollbackState.PAUSED);
            assertThat(status.getReason()).isEqualTo("paused by ada");
        });
        operator(new ResumeRollback("rb-1"));
        workersSucceed();
        assertThat(statuses().getLast().getState()).isEqualTo(RollbackState.SUCCEEDED);
    }

    @Test
    void leavesThePlatformAsItIsWhenAbortedSo() {
        started();
        operator(new AbortRollback("rb-1", AbortMode.AFTER_STEP, false));
        assertThat(commands).noneMatch(command -> command.getCommand() instanceof CancelStep);
        workersSucceed();
        assertThat(statuses().getLast().getState()).isEqualTo(RollbackState.ABORTED);
        assertThat(facts().getLast()).isInstanceOfSatisfying(RollbackFinished.class, finished -> {
            assertThat(finished.getOutcome()).isEqualTo(Outcome.ABORTED);
            assertThat(finished.getReason()).endsWith("left as it is, nothing undone");
        });
    }

    @Test
    void letsNoIncidentStartOnAPlatformThatWasLeftToAnOperator() {
        started();
        operator(new AbortRollback("rb-1", AbortMode.AFTER_STEP, false));
        workersSucceed();

        report(alert("freedom", "f2", "firing"));
        assertThat(facts().getLast()).isInstanceOf(IncidentQueued.class);
        assertThat(commands).isEmpty();

        operator(new StartRollback("rb-point", "restore-point", null, null, null, List.of()));
        workersSucceed();
        assertThat(facts())
                .filteredOn(RollbackStarted.class::isInstance)
                .last()
                .isInstanceOfSatisfying(
                        RollbackStarted.class,
                        started -> assertThat(started.getIncident()).isNotNull());
    }

    @Test
    void goesOnUndoingWhenAnOperatorRetriesWhatHadFailed() {
        started();
        workersSucceedExcept("git.check-out", "container.stop-writers");
        assertThat(statuses().getLast().getState()).isEqualTo(RollbackState.COMPENSATION_FAILED);
        operator(new CheckPlatform("check-1", Descriptors.FREEDOM));
        workersSucceed();
        report(alert("freedom", "f2", "firing"));
        assertThat(facts().getLast()).as("a check mends nothing").isInstanceOf(IncidentQueued.class);
        operator(new PauseRollback("rb-1"));
        assertThat(rejections().getLast()).contains("rb-1 is over", "rollbackctl retry rb-1 container.stop-writers");

        operator(new RetryStep("rb-1", "container.stop-writers"));
        workersSucceed();

        assertThat(facts().stream()
                        .filter(RollbackFinished.class::isInstance)
                        .map(fact -> ((RollbackFinished) fact).getOutcome()))
                .as("of rb-1, the check, rb-1 again, and the one that the waiting incident started")
                .containsExactly(
                        Outcome.COMPENSATION_FAILED, Outcome.SUCCEEDED, Outcome.COMPENSATED, Outcome.SUCCEEDED);
    }

    @Test
    void undoesTheNewestRollbackThatSucceededAndNoOther() {
        started();
        workersSucceed();
        operator(new StartRollback("rb-2", "service-restart", null, null, null, List.of("api")));
        workersSucceed();
        operator(new StartRollback("rb-3", "restore-point", null, null, null, List.of()));
        workersSucceed();

        operator(new UndoRollback("rb-1", false));
        assertThat(rejections().getLast()).contains("rb-1 cannot be undone: only the newest", "which is rb-2");
        operator(new UndoRollback("rb-2", false));
        workersSucceed();
        assertThat(facts().getLast())
                .isInstanceOfSatisfying(
                        RollbackFinished.class,
                        finished -> assertThat(finished.getOutcome()).isEqualTo(Outcome.COMPENSATED));
        operator(new UndoRollback("rb-2", false));
        assertThat(rejections().getLast()).contains("rb-2 cannot be undone", "which is none");
    }

    /** One step that fails, and one that cannot be undone. */
    private void workersSucceedExcept(String failing, String notUndone) {
        while (!commands.isEmpty()) {
            var command = commands.removeFirst();
            boolean fails = command.getStepId().equals(command.getCompensation() ? notUndone : failing);
            if (command.getCommand() instanceof ExecuteStep) {
                worker(command, fails ? new StepError(FailureKind.PRECONDITION, "no room") : done());
            }
        }
    }

    @Test
    void tellsTheWorkerOfTheNewDeadlineAndSendsARetriedStepAgain() {
        started();
        var running = commands.getFirst();
        commands.clear();
        operator(new ChangeTimeout("rb-1", running.getStepId(), 3_600_000L));
        assertThat(commands).singleElement().satisfies(command -> {
            assertThat(command.getStepId()).isEqualTo(running.getStepId());
            assertThat(((ExtendStep) command.getCommand()).getDeadline())
                    .isEqualTo(Instant.parse("2026-03-01T04:00:00Z"));
        });
        commands.clear();
        operator(new RetryStep("rb-1", running.getStepId()));
        assertThat(commands)
                .singleElement()
                .satisfies(command -> assertThat(command.getAttempt()).isEqualTo(2));
    }

    @Test
    void saysWhyAControlIsNotFollowed() {
        started();
        operator(new ResumeRollback("rb-1"));
        operator(new SkipStep("rb-1", commands.getFirst().getStepId()));
        operator(new PauseRollback("rb-2"));
        assertThat(rejections()).hasSize(3);
        assertThat(rejections().get(0)).startsWith("rb-1 is not paused");
        assertThat(rejections().get(1)).contains("runs: wait for its end, or `rollbackctl abort rb-1`");
        assertThat(rejections().get(2)).contains("rollback rb-2 is not running on freedom");
    }

    @Test
    void triesAgainWhenItsPauseIsOver() {
        registered();
        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of()));
        var record = commands.stream()
                .filter(command -> command.getStepId().equals("container.record-state"))
                .findFirst()
                .orElseThrow();
        commands.clear();
        worker(record, new StepError(FailureKind.UNAVAILABLE, "Docker does not answer"));
        assertThat(commands).isEmpty();
        driver.advanceWallClockTime(Duration.ofSeconds(2));
        collect();
        assertThat(commands).singleElement().satisfies(command -> {
            assertThat(command.getStepId()).isEqualTo("container.record-state");
            assertThat(command.getAttempt()).isEqualTo(2);
        });
    }

    private List<DeadLetter> deadLettersOf(io.freedom.rollback.schemas.topics.Topic topic) {
        return driver.createOutputTopic(
                        TOPICS.deadLetters(topic).name(),
                        new ByteArrayDeserializer(),
                        this.<DeadLetter>serde().deserializer())
                .readValuesToList();
    }

    @Test
    void surviveRecordsWithoutAValue() {
        for (var topic : List.of(TOPICS.operatorCommands(), TOPICS.stepEvents())) {
            driver.createInputTopic(topic.name(), new StringSerializer(), new ByteArraySerializer())
                    .pipeInput("freedom", (byte[]) null);
            assertThat(deadLettersOf(topic))
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.getReason()).contains("no value"));
        }
    }

    @Test
    void surviveRecordsOfAnotherTypeAndOnesTooLargeForALetter() {
        for (var topic : List.of(TOPICS.operatorCommands(), TOPICS.stepEvents())) {
            driver.<String, SpecificRecord>createInputTopic(
                            topic.name(),
                            new StringSerializer(),
                            this.<SpecificRecord>serde().serializer())
                    .pipeInput("freedom", new StepError(FailureKind.TOOL, "a record of ours, but in the wrong place"));
            driver.createInputTopic(topic.name(), new StringSerializer(), new ByteArraySerializer())
                    .pipeInput("freedom", "x".repeat(2 << 20).getBytes(StandardCharsets.UTF_8));
            var letters = deadLettersOf(topic);
            assertThat(letters).hasSize(2);
            assertThat(letters.getFirst().getReason()).contains("StepError where a");
            assertThat(letters.getLast().getValue().remaining()).isLessThan(1 << 20);
        }
    }

    @Test
    void failsAStepWhoseResultOnlyALaterReleaseKnows() throws IOException {
        registered();
        operator(new StartRollback("rb-1", "restore-point", null, null, null, List.of()));
        var command = commands.removeFirst();

        // The very fields of FilesChecked.
        var later = new Schema.Parser()
                .parse(StepEvent.getClassSchema().toString().replace("\"name\":\"result\",\"type\":[", """
                                "name":"result","type":[{"type":"record","name":"FilesSigned",
                                 "fields":[{"name":"paths","type":"int"},{"name":"envKeys","type":"int"}]},"""));
        driver.createInputTopic(TOPICS.stepEvents().name(), new StringSerializer(), new ByteArraySerializer())
                .pipeInput("freedom", written(later, command));
        collect();

        assertThat(facts()).filteredOn(StepSucceeded.class::isInstance).isEmpty();
        assertThat(facts())
                .filteredOn(StepFailed.class::isInstance)
                .anySatisfy(failed -> assertThat(((StepFailed) failed).getMessage())
                        .contains("FilesSigned", "upgrade the orchestrator"));
        assertThat(deadLettersOf(TOPICS.stepEvents()))
                .singleElement()
                .satisfies(letter -> assertThat(letter.getReason()).contains("FilesSigned"));
    }

    private byte[] written(Schema later, StepCommand command) throws IOException {
        var done = later.getField("event").schema().getTypes().stream()
                .filter(type -> type.getName().equals("StepDone"))
                .findFirst()
                .orElseThrow();
        var stepResult = done.getField("result").schema();
        var signed = stepResult.getField("result").schema().getTypes().getFirst();
        var event = new GenericRecordBuilder(later)
                .set("platform", command.getPlatform())
                .set("rollbackId", command.getRollbackId())
                .set("stepId", command.getStepId())
                .set("attempt", command.getAttempt())
                .set("workerId", "w:1")
                .set("at", 0L)
                .set(
                        "event",
                        new GenericRecordBuilder(done)
                                .set(
                                        "result",
                                        new GenericRecordBuilder(stepResult)
                                                .set(
                                                        "result",
                                                        new GenericRecordBuilder(signed)
                                                                .set("paths", 1)
                                                                .set("envKeys", 1)
                                                                .build())
                                                .build())
                                .set("detail", "done")
                                .build())
                .build();
        var out = new ByteArrayOutputStream();
        try (var client = RegistryClient.at(registry.url())) {
            out.write(0);
            out.writeBytes(ByteBuffer.allocate(4)
                    .putInt(client.register("step-events-value", later))
                    .array());
        }
        var encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        new GenericDatumWriter<GenericRecord>(later).write(event, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    @Test
    void refusesATimeThatFitsNoTopicAndARecordThatIsTooLarge() {
        var late = new String(alert("freedom", "f1", "firing"), StandardCharsets.UTF_8)
                .replace("2026-03-01T02:58:00Z", "+999999999-01-01T00:00:00Z");
        report(late.getBytes(StandardCharsets.UTF_8));
        report(new byte[1 << 20]);
        var reasons = deadIncidents().stream().map(DeadLetter::getReason).toList();
        assertThat(reasons.get(0)).contains("is no RFC 3339 time");
        assertThat(reasons.get(1)).contains("report fewer alerts at once");
    }

    @Test
    void keepsAnIncidentThatTheRunningRollbackDoesNotAnswerUntilItHasEnded() {
        registered();
        report(alert("freedom", "f1", "firing"));
        operator(new AbortRollback(history.getLast().getRollbackId(), AbortMode.NOW, true));
        report(alert("freedom", "f2", "firing"));
        assertThat(facts()).filteredOn(IncidentMerged.class::isInstance).isEmpty();
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(1);

        while (commands.stream()
                .anyMatch(
                        command -> command.getRollbackId().equals(rollbackIds().getFirst()))) {
            var command = commands.removeFirst();
            if (command.getCommand() instanceof CancelStep cancel) {
                worker(command, new io.freedom.rollback.schemas.step.StepCancelled(cancel.getReason()));
            }
        }
        assertThat(facts()).filteredOn(RollbackStarted.class::isInstance).hasSize(2);
    }

    private List<String> rollbackIds() {
        return history.stream()
                .map(HistoryEvent::getRollbackId)
                .filter(id -> id != null)
                .distinct()
                .toList();
    }
}
