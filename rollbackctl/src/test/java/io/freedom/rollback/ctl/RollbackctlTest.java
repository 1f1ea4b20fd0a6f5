package io.freedom.rollback.ctl;

import static io.freedom.rollback.ctl.view.Samples.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.report.RecordedHistory;
import io.freedom.rollback.ctl.view.Samples;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.OtherDatabase;
import io.freedom.rollback.schemas.action.ReplacedDatabasesDropped;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.FasterWayChosen;
import io.freedom.rollback.schemas.history.FollowUp;
import io.freedom.rollback.schemas.history.FollowUpDone;
import io.freedom.rollback.schemas.history.FollowUpsPlanned;
import io.freedom.rollback.schemas.history.GateApproved;
import io.freedom.rollback.schemas.history.GateRejected;
import io.freedom.rollback.schemas.history.IncidentHeld;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.NotificationsTested;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.PlanPreviewed;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.history.PlatformRelapsed;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackPaused;
import io.freedom.rollback.schemas.history.RollbackResumed;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepRetryRequested;
import io.freedom.rollback.schemas.history.StepSkipped;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.history.TimeoutChanged;
import io.freedom.rollback.schemas.history.UndoApproved;
import io.freedom.rollback.schemas.history.UndoRequested;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.notification.Delivery;
import io.freedom.rollback.schemas.notification.DeliveryState;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.notification.NotificationKind;
import io.freedom.rollback.schemas.notification.WebhookChannel;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.operator.AbortRollback;
import io.freedom.rollback.schemas.operator.ApproveGate;
import io.freedom.rollback.schemas.operator.ChangeTimeout;
import io.freedom.rollback.schemas.operator.CheckPlatform;
import io.freedom.rollback.schemas.operator.CompleteFollowUp;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.PauseRollback;
import io.freedom.rollback.schemas.operator.PreviewPlan;
import io.freedom.rollback.schemas.operator.RejectGate;
import io.freedom.rollback.schemas.operator.ResumeRollback;
import io.freedom.rollback.schemas.operator.RetryStep;
import io.freedom.rollback.schemas.operator.SkipStep;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.operator.TakeFasterWay;
import io.freedom.rollback.schemas.operator.UndoRollback;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.StepResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RollbackctlTest {
    private static final String DESCRIPTOR = """
            apiVersion: rollback.freedom.io/v1
            name: freedom
            workTree: /srv/freedom
            target: graveyard/pre-reset
            backups: {directory: /var/backups/freedom}
            """;

    private final InMemoryControlPlane plane = new InMemoryControlPlane();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path directory;

    private int run(String... arguments) {
        var terminal = new Terminal.ProcessTerminal(false, false);
        var surroundings =
                new Surroundings(_ -> plane, terminal, InstantSource.fixed(START.plusSeconds(60)), ZoneOffset.UTC);
        return Rollbackctl.commandLine(surroundings)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    private void answer(SpecificRecord event) {
        plane.answering((asked, _) -> {
            var command = (OperatorCommand) asked;
            var id = event instanceof RollbackStarted ? Samples.ID : null;
            return Map.of(plane.topics().history(), Samples.event(1, 0, id, command.getCommandId(), event));
        });
    }

    private static RollbackStarted started() {
        return RollbackStarted.newBuilder().setPlan(Samples.plan()).build();
    }

    private Path file(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content);
    }

    // ---- arguments ------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            starrt freedom                                  | Did you mean: rollbackctl start
            start freedom                                   | Missing required option: '--reason=TEXT'
            start freedom --reason ' '                      | --reason must not be empty
            start                                           | Missing required
            status --all --output yaml                      | expected one of [text, json]
            history --since yesterday                       | is no duration such as 90s, 20m, 1h or 2d
            incident raise freedom --class outage --summary x | 'outage' is none of service-degradation
            plan freedom --class breach                     | 'breach' is none of service-degradation, data-corruption
            plan freedom --scenario _                       | --scenario must not be empty
            start freedom --reason x --class BREACH         | 'BREACH' is none of service-degradation
            start freedom --reason x --class                | Missing required parameter for option '--class'
            reject freedom                                  | Missing required option: '--reason=TEXT'
            retry freedom --reason x                        | Missing required parameter: 'STEP'
            timeout freedom a soon                          | 'soon' is no duration such as 90s, 20m, 1h or 2d
            incident raise freedom                          | name PLATFORM, --class and --summary; or --file
            incident raise freedom --class service-degradation --summary x --watch --no-wait | --watch needs the decision
            incident raise --file none.json                 | none.json cannot be read: no such file
            platform check none.yaml                        | none.yaml cannot be read: no such file
            follow-ups done                                 | Missing required parameter: 'ID'
            replaced                                        | which? list, accept
            replaced accept                                 | Missing required
            replaced accept rb-1                            | Missing required option: '--reason=TEXT'
            incident                                        | which? raise, log
            notifications                                   | which? list, test
            notifications test                              | Missing required parameter: 'PLATFORM'
            platform                                        | which? check, register, list, schema
            none                                              | which command? See rollbackctl --help
            status --command-config none.properties         | none.properties cannot be read
            """)
    void endsWithTwoAndSaysWhatIsMissing(String arguments, String message) {
        var words = arguments.equals("none")
                ? new String[0]
                : arguments.replace("' '", "_").split(" +");
        for (int i = 0; i < words.length; i++) {
            words[i] = words[i].replace("_", " ");
        }

        assertThat(run(words)).isEqualTo(2);
        assertThat(err.toString()).contains(message).doesNotContain("\tat ");
        assertThat(plane.published).isEmpty();
    }

    @Test
    void tellsWhichTestMessageArrivedAndFailsWhenOneDidNot() {
        plane.answering((asked, _) -> {
            var id = ((OperatorCommand) asked).getCommandId();
            var tested = new NotificationsTested("ada", List.of(id + "/chat", id + "/mail"));
            plane.add(plane.topics().deliveries(), delivery(id + "/chat", DeliveryState.DELIVERED, "chat took it"));
            plane.add(plane.topics().deliveries(), delivery(id + "/mail", DeliveryState.FAILED, "no route"));
            plane.add(plane.topics().deliveries(), delivery("another/chat", DeliveryState.FAILED, "other"));
            return Map.of(plane.topics().history(), Samples.event(1, 0, null, id, tested));
        });

        assertThat(run("notifications", "test", "freedom")).isEqualTo(1);

        assertThat(out.toString())
                .isEqualTo("chat: delivered, chat took it\nmail: NOT delivered, will be tried again: no route\n");
    }

    @Test
    void listsWhatPeopleWereToldAndWhetherItArrived() {
        assertThat(run("notifications", "list")).isZero();
        assertThat(out.toString()).isEqualTo("Nobody was told anything.\n");
        notified("a/chat", "freedom", "all is well");
        notified("b/chat", "freedom", "all is worse");
        notified("c/chat", "other", "not asked for");
        plane.add(plane.topics().deliveries(), delivery("a/chat", DeliveryState.DELIVERED, "chat took it"));
        plane.add(plane.topics().deliveries(), delivery("b/chat", DeliveryState.GIVEN_UP, "revoked"));

        assertThat(run("notifications", "list", "freedom")).isZero();

        assertThat(out.toString())
                .containsPattern("freedom +chat +delivered +all is well\\n")
                .containsPattern("freedom +chat +given up +all is worse \\(revoked\\)\\n")
                .doesNotContain("not asked for");
    }

    private void happened(int sequence, int second, @Nullable String rollback, SpecificRecord fact) {
        plane.add(plane.topics().history(), Samples.event(sequence, second * 1000L, rollback, "c", fact));
    }

    @Test
    void logsIncidentsWithWhatAnsweredThemAndHowThatEnded() {
        assertThat(run("incident", "log")).isZero();
        assertThat(out.toString()).isEqualTo("No incident.\n");
        happened(1, 0, Samples.ID, started());
        happened(2, 30, Samples.ID, new RollbackFinished(Outcome.SUCCEEDED, "", 30_000L, 4_000L));
        happened(1, 90, null, new PlatformRelapsed(Samples.ID, List.of("api is unhealthy"), 2));

        assertThat(run("incident", "log", "freedom")).isZero();

        assertThat(out.toString())
                .containsPattern("full-rollback " + Samples.ID + " +succeeded after 30 s, downtime 4.0 s\\n")
                .containsPattern("relapse after " + Samples.ID + ": api is unhealthy +left to operators\\n");
    }

    @Test
    void listsRestorePointsAndKnowsWhichThereAre() {
        assertThat(run("backups", "list")).isZero();
        assertThat(out.toString()).startsWith("No restore point is known.");
        assertThat(run("backups", "show", "rb-9")).isEqualTo(4);
        assertThat(err.toString()).contains("no verified restore point 'rb-9'", "rollbackctl backups list");
    }

    @Test
    void makesOfAMomentDatabasesAlone() {
        assertThat(run("backups", "restore", "freedom", "--at", "latest", "--part", "files", "--reason", "x"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("Of a moment only databases can be made");
        assertThat(run("backups", "restore", "rb-9", "--part", "files", "--reason", "x"))
                .isEqualTo(4);
        assertThat(err.toString()).contains("no verified restore point 'rb-9'");
    }

    @Test
    void showsWhatIsToBeDoneAndCrossesItOff() {
        happened(
                1,
                0,
                null,
                new FollowUpsPlanned(
                        Samples.ID,
                        List.of(
                                new FollowUp("rb.1", "Write it down", "ada", START.plusSeconds(3600)),
                                new FollowUp("rb.2", "Review it", "bob", START.plusSeconds(30)))));
        answer(new FollowUpDone("rb.1", "ada", "in the wiki"));

        assertThat(run("follow-ups", "list")).isZero();
        assertThat(out.toString().lines().skip(1))
                .satisfiesExactly(
                        first -> assertThat(first).contains("rb.2", "bob", "Review it", "OVERDUE"),
                        second -> assertThat(second).contains("rb.1", "ada", "Write it down", "open"));

        assertThat(run("follow-ups", "done", "rb.1", "--reason", "in the wiki")).isZero();
        assertThat(((OperatorCommand) plane.published.getLast()).getCommand()).isEqualTo(new CompleteFollowUp("rb.1"));
        out.getBuffer().setLength(0);
        run("follow-ups", "list");
        assertThat(out.toString()).contains("rb.2").doesNotContain("rb.1");
        run("follow-ups", "list", "--all");
        assertThat(out.toString()).contains("by ada: in the wiki");
        assertThat(run("follow-ups", "done", "rb.9")).isEqualTo(4);
    }

    @Test
    void listsWhatIsKeptOfReplacedDatabasesAndAcceptsARollback() {
        assertThat(run("replaced", "list")).isZero();
        assertThat(out.toString()).isEqualTo("No rollback has replaced a database that is kept.\n");
        assertThat(run("replaced", "accept", "rb-1", "--reason", "all is well")).isEqualTo(4);
        assertThat(err.toString()).contains("There was no rollback 'rb-1'", "rollbackctl replaced list");
        happened(1, 0, Samples.ID, started());
        var other = new OtherDatabase("reports", "reports__before_a3f9", List.of());
        var gone = new OtherDatabase("lost", null, List.of());
        var restored = new DatabaseRestored("kb__before_a3f9", List.of(), List.of(other, gone), List.of());
        happened(2, 30, Samples.ID, new StepSucceeded("s", 1, false, "", false, new StepResult(restored)));
        answer(started());

        assertThat(run("replaced", "list", "freedom")).isZero();
        assertThat(out.toString())
                .containsPattern(
                        Samples.ID
                                + " +freedom +kb__before_a3f9, reports__before_a3f9 +2026.* +after `backups.hold`, or once accepted\\n");
        assertThat(run("replaced", "accept", Samples.ID, "--reason", "all is well"))
                .isZero();
        var start = (StartRollback) ((OperatorCommand) plane.published.getLast()).getCommand();
        assertThat(start.getScenario()).isEqualTo("acceptance");
        assertThat(start.getRestorePoint()).isEqualTo(Samples.ID);

        var dropped = new ReplacedDatabasesDropped(Samples.ID, List.of("kb__before_a3f9"), 1L);
        happened(1, 89, "rb-accepting", started());
        happened(2, 90, "rb-accepting", new StepSucceeded("s", 1, false, "", false, new StepResult(dropped)));
        out.getBuffer().setLength(0);
        run("replaced", "list");
        assertThat(out.toString()).isEqualTo("No rollback has replaced a database that is kept.\n");
    }

    private void notified(String id, String platform, String title) {
        plane.add(
                plane.topics().notifications(),
                Notification.newBuilder()
                        .setNotificationId(id)
                        .setPlatform(platform)
                        .setKind(NotificationKind.OUTCOME)
                        .setAt(START)
                        .setChannel("chat")
                        .setTitle(title)
                        .setText("")
                        .setVia(new WebhookChannel("http://127.0.0.1/"))
                        .build());
    }

    private static Delivery delivery(String id, DeliveryState state, String detail) {
        return new Delivery(id, "freedom", "chat", state, detail, START);
    }

    @Test
    void explainsItselfAndItsExitCodes() {
        assertThat(run("start", "--help")).isZero();

        assertThat(out.toString()).contains("--restore-point", "--bootstrap-server", "Exit codes:", "4   rejected");
    }

    @Test
    void endsWithThreeWhenNothingListensThere() {
        var surroundings = new Surroundings(
                connection -> {
                    throw Failure.unreachable(connection.bootstrapServers() + " " + connection.prefix());
                },
                new Terminal.ProcessTerminal(false, false),
                InstantSource.system(),
                ZoneOffset.UTC);

        int code = Rollbackctl.commandLine(surroundings)
                .setErr(new PrintWriter(err))
                .execute("--bootstrap-server", "kafka:1", "status", "--prefix", "p.");

        assertThat(code).isEqualTo(3);
        assertThat(err.toString()).isEqualTo("rollbackctl: kafka:1 p.\n");
    }

    // ---- platforms ------------------------------------------------------------------------------

    @Test
    void listsWhatIsWrongWithADescriptorWithoutKafka() throws IOException {
        var file = file("platform.yaml", "name: freedom\nworkTree: x\n");

        assertThat(run("platform", "check", file.toString(), "--offline")).isEqualTo(1);
        assertThat(err.toString())
                .contains("is not valid, 4 problems")
                .contains("platform.yaml:2:1: workTree: must be an absolute path");
    }

    @Test
    void saysThatADescriptorIsValid() throws IOException {
        assertThat(run("platform", "check", file("platform.yaml", DESCRIPTOR).toString(), "--offline"))
                .isZero();
        assertThat(out.toString()).contains("is valid: platform freedom, target graveyard/pre-reset");
    }

    @Test
    void printsTheSchemaOfADescriptorWithoutKafka() throws IOException {
        var published = Path.of("..", "platform", "src", "main", "resources", "platform.schema.json");

        assertThat(run("platform", "schema")).isZero();
        assertThat(out.toString()).isEqualTo(Files.readString(published));

        out.getBuffer().setLength(0);
        assertThat(run("platform", "schema", "--output", "json")).isZero();
        assertThat(out.toString().lines()).singleElement().asString().startsWith("{\"$schema\": ");
    }

    private void checked(StepStatus.Builder... failedSteps) {
        var steps = Stream.of(failedSteps).map(StepStatus.Builder::build).toArray(StepStatus[]::new);
        plane.answering((asked, _) -> {
            var command = (OperatorCommand) asked;
            var id = ((CheckPlatform) command.getCommand()).getRollbackId();
            return Map.of(
                    plane.topics().history(), Samples.event(1, 0, id, command.getCommandId(), started()),
                    plane.topics().status(),
                            Samples.status(steps)
                                    .setRollbackId(id)
                                    .setScenario("platform-check")
                                    .setState(RollbackState.SUCCEEDED)
                                    .setReason("succeeded without 1 dispensable step(s)")
                                    .setFinishedAt(START.plusSeconds(2))
                                    .build());
        });
    }

    private static StepStatus.Builder noTag() {
        return Samples.step("git.verify-target", "Verify the tag", Phase.ASSESS, StepState.FAILED)
                .setFailure(FailureKind.PRECONDITION)
                .setDetail("the tag does not exist");
    }

    private static StepStatus.Builder probe(FailureKind failure, String detail) {
        return Samples.step("health.probe-1", "Probe API gateway", Phase.VALIDATE, StepState.FAILED)
                .setFailure(failure)
                .setDetail(detail);
    }

    private int check(String... options) throws IOException {
        var file = file("platform.yaml", DESCRIPTOR).toString();
        return run(Stream.concat(Stream.of("platform", "check", file), Stream.of(options))
                .toArray(String[]::new));
    }

    @Test
    void saysThatAPlatformCouldNotBeRolledBackAndWhy() throws IOException {
        checked(noTag(), probe(FailureKind.MISMATCH, "→ 500, expected 200: no such table"));

        assertThat(check()).isEqualTo(1);
        assertThat(err.toString().lines())
                .containsExactly(
                        "Platform freedom could not be rolled back as it is, one problem:",
                        "  ✘ Verify the tag: the tag does not exist",
                        "Right now it is not as its descriptor says, one warning. That stops no rollback, and may be"
                                + " the reason for one; if the platform is well, correct the descriptor:",
                        "  ! Probe API gateway: → 500, expected 200: no such table");
    }

    @Test
    void warnsOfAPlatformThatIsBrokenButCouldBeRolledBack() throws IOException {
        checked(probe(FailureKind.MISMATCH, "→ 500, expected 200: no such table"));

        assertThat(check()).isZero();
        assertThat(err.toString()).isEmpty();
        assertThat(out.toString())
                .contains("Platform freedom could be rolled back to graveyard/pre-reset.")
                .contains("one warning", "  ! Probe API gateway: → 500, expected 200: no such table");

        assertThat(check("--strict")).isEqualTo(1);
        assertThat(err.toString()).contains("could be rolled back to", "  ! Probe API gateway");
    }

    @Test
    void countsAProbeThatCannotBeSentAsAProblemOfTheDescriptor() throws IOException {
        checked(probe(FailureKind.PRECONDITION, "there is no variable API_KEY"));

        assertThat(check()).isEqualTo(1);
        assertThat(err.toString()).contains("one problem:", "  ✘ Probe API gateway: there is no variable API_KEY");
    }

    @Test
    void endsACheckWithOneDocumentOfWhatWasFound() throws IOException {
        checked(noTag(), probe(FailureKind.MISMATCH, "→ 500"));

        assertThat(check("-o", "json")).isEqualTo(1);
        assertThat(out.toString().lines().reduce((_, last) -> last))
                .hasValue("{\"platform\":\"freedom\",\"target\":\"graveyard/pre-reset\",\"couldBeRolledBack\":false,"
                        + "\"problems\":[{\"step\":\"git.verify-target\",\"title\":\"Verify the tag\","
                        + "\"message\":\"the tag does not exist\"}],"
                        + "\"warnings\":[{\"step\":\"health.probe-1\",\"title\":\"Probe API gateway\","
                        + "\"message\":\"→ 500\"}]}");
    }

    @Test
    void explainsWhatACheckDoesAndHowItEnds() {
        assertThat(run("platform", "check", "--help")).isZero();

        assertThat(out.toString().replaceAll("\\s+", " "))
                .contains("Nothing is written on the platform's machine", "the probes are real requests")
                .contains("0 could be rolled back; there may be warnings", "with --strict also if there are warnings")
                .doesNotContain("the rollback did not succeed");
    }

    @Test
    void registersAPlatform() throws IOException {
        answer(new PlatformRegistered(DESCRIPTOR, "hash", "ada"));

        assertThat(run("platform", "register", file("platform.yaml", DESCRIPTOR).toString(), "--operator", "ada"))
                .isZero();

        var command = (OperatorCommand) plane.published.getFirst();
        assertThat(command.getOperator()).isEqualTo("ada");
        assertThat(command.getPlatform()).isEqualTo("freedom").isEqualTo(plane.lastKey);
        assertThat(out.toString()).contains("Registered freedom, target graveyard/pre-reset.");
    }

    @Test
    void listsTheLatestRegistrationOfEachPlatform() {
        var old = new PlatformRegistered(DESCRIPTOR.replace("pre-reset", "old"), "h", "bob");
        plane.add(plane.topics().history(), Samples.event(1, 0, null, "a", old));
        plane.add(
                plane.topics().history(),
                Samples.event(2, 1000, null, "b", new PlatformRegistered(DESCRIPTOR, "h", "ada")));

        assertThat(run("platform", "list")).isZero();
        assertThat(out.toString().lines())
                .containsExactly(
                        "PLATFORM  SITE     TARGET               WORK TREE     REGISTERED           BY",
                        "freedom   default  graveyard/pre-reset  /srv/freedom  2026-01-31 10:15:01  ada");
    }

    // ---- incidents ------------------------------------------------------------------------------

    @Test
    void raisesAnIncidentAndTellsTheDecision() {
        plane.answering((asked, _) -> {
            var incident = (Incident) asked;
            var event = RollbackStarted.newBuilder()
                    .setPlan(Samples.plan())
                    .setIncident(incident)
                    .build();
            return Map.of(plane.topics().history(), Samples.event(1, 0, Samples.ID, incident.getIncidentId(), event));
        });

        int code = run(
                "incident",
                "raise",
                "freedom",
                "--class",
                "deployment-failure",
                "--summary",
                "5xx",
                "--began",
                "2026-01-31T10:00:00Z",
                "--evidence",
                "build=42",
                "--evidence",
                "by=ci");

        var incident = (Incident) plane.published.getFirst();
        assertThat(code).isZero();
        assertThat(incident.getIncidentClass()).isEqualTo(IncidentClass.DEPLOYMENT_FAILURE);
        assertThat(incident.getBeganAt()).isEqualTo(Instant.parse("2026-01-31T10:00:00Z"));
        assertThat(incident.getEvidence()).containsEntry("build", "42").containsEntry("by", "ci");
        assertThat(out.toString()).contains("started: " + Samples.ID, "rollbackctl watch " + Samples.ID);
    }

    @Test
    void followsTheRollbackThatARaisedIncidentStarts() {
        plane.answering((asked, _) -> Map.of(
                plane.topics().history(),
                Samples.event(
                        1,
                        0,
                        Samples.ID,
                        ((Incident) asked).getIncidentId(),
                        RollbackStarted.newBuilder()
                                .setPlan(Samples.plan())
                                .setIncident((Incident) asked)
                                .build())));
        plane.add(
                plane.topics().status(),
                Samples.status().setState(RollbackState.COMPENSATED).build());

        int code = run("incident", "raise", "freedom", "--class", "deployment-failure", "--summary", "5xx", "--watch");

        assertThat(code).as("the rollback's own").isEqualTo(1);
        assertThat(out.toString()).contains("started: " + Samples.ID);
    }

    @Test
    void endsWithFourWhenAnIncidentIsIgnored() {
        plane.answering((asked, _) -> {
            var incident = (Incident) asked;
            var event = new IncidentIgnored(incident, "no scenario for security breach");
            return Map.of(plane.topics().history(), Samples.event(1, 0, null, incident.getIncidentId(), event));
        });

        assertThat(run("incident", "raise", "freedom", "--class", "SECURITY_BREACH", "--summary", "x"))
                .isEqualTo(4);
        assertThat(out.toString()).contains("Ignored: no scenario for security breach");
    }

    @Test
    void saysThatAnIncidentIsHeldAndWhy() {
        plane.answering((asked, _) -> {
            var incident = (Incident) asked;
            var event = new IncidentHeld(incident, "this alert has led to 2 rollbacks");
            return Map.of(plane.topics().history(), Samples.event(1, 0, null, incident.getIncidentId(), event));
        });

        assertThat(run("incident", "raise", "freedom", "--class", "data-corruption", "--summary", "x"))
                .isEqualTo(4);
        assertThat(out.toString()).contains("Held for you: this alert has led to 2 rollbacks");
    }

    @Test
    void undoesWhatHasSucceeded() {
        var succeeded = Samples.status().setState(RollbackState.SUCCEEDED).build();
        plane.add(plane.topics().status(), succeeded);
        answer(new UndoRequested("ada", "worse than before"));

        assertThat(run("undo", Samples.ID, "--reason", "worse than before", "--accept-data-loss"))
                .isZero();
        assertThat(asked()).isEqualTo(new UndoRollback(Samples.ID, true));
        assertThat(out.toString()).contains("is being undone", "rollbackctl watch " + Samples.ID);
    }

    @Test
    void saysWhoElseHasToAskBeforeDataAreGivenUp() {
        var succeeded = Samples.status().setState(RollbackState.SUCCEEDED).build();
        plane.add(plane.topics().status(), succeeded);
        answer(new UndoApproved("ada", "worse", 1, 2, START.plusSeconds(600)));

        assertThat(run("undo", Samples.ID, "--reason", "worse", "--accept-data-loss"))
                .isZero();
        assertThat(out.toString())
                .contains(
                        "Nothing is undone yet: 1 of 2 operators have asked, the others have until 2026-01-31 10:25:00.",
                        "They say: rollbackctl undo " + Samples.ID + " --accept-data-loss");
        assertThat(run("undo", Samples.ID, "--reason", "worse", "--accept-data-loss", "--watch"))
                .as("it was not undone")
                .isEqualTo(1);
    }

    @Test
    void tellsTheReasonWhenAnIncidentBecomesADeadLetter() {
        plane.answering((_, at) -> Map.of(
                plane.topics().deadLetters(plane.topics().incidents()),
                DeadLetter.newBuilder()
                        .setTopic(at.topic())
                        .setPartition(at.partition())
                        .setOffset(at.offset())
                        .setAt(START)
                        .setReason("platform fredom is not registered")
                        .build()));

        assertThat(run("incident", "raise", "fredom", "--class", "data-corruption", "--summary", "x"))
                .isEqualTo(4);
        assertThat(err.toString()).contains("platform fredom is not registered");
    }

    @Test
    void publishesAnAlertFileAsItIsUnderItsPlatform() throws IOException {
        var json = "{\"version\":\"4\", \"alerts\":[{\"labels\":{\"platform\":\"freedom\"}}]}";

        assertThat(run("incident", "raise", "--file", file("alert.json", json).toString(), "--no-wait"))
                .isZero();
        assertThat(plane.published).containsExactly(json);
        assertThat(plane.lastKey).isEqualTo("freedom");
    }

    // ---- rollbacks ------------------------------------------------------------------------------

    @Test
    void startsARollbackAndSaysHowToWatchIt() {
        answer(started());

        assertThat(run("start", "freedom", "--reason", "5xx", "--target", "v1", "--restore-point", "latest"))
                .isZero();

        var command = (OperatorCommand) plane.published.getFirst();
        var start = (StartRollback) command.getCommand();
        assertThat(command.getReason()).isEqualTo("5xx");
        assertThat(start.getRollbackId()).matches("rb-20260131-101600-[0-9a-f]{4}");
        assertThat(start.getScenario()).isEqualTo("full-rollback");
        assertThat(start.getTarget()).isEqualTo("v1");
        assertThat(start.getRestorePoint()).isEqualTo("latest");
        assertThat(start.getIncidentClass()).isNull();
        assertThat(out.toString()).contains("4 steps", "rollbackctl watch " + Samples.ID);
    }

    @Test
    void endsWithFourAndTheReasonWhenRejected() {
        answer(new CommandRejected("platform fredom is not registered"));

        assertThat(run("start", "fredom", "--reason", "5xx")).isEqualTo(4);
        assertThat(err.toString()).isEqualTo("rollbackctl: Rejected: platform fredom is not registered\n");
    }

    @Test
    void saysThatAnUnansweredCommandWillStillBeCarriedOut() {
        assertThat(run("start", "freedom", "--reason", "5xx", "--timeout", "0s"))
                .isEqualTo(3);
        assertThat(err.toString()).contains("No answer within 0 s", "WILL be carried out");
    }

    @Test
    void printsThePlan() {
        answer(new PlanPreviewed(Samples.plan(), null));

        assertThat(run("plan", "freedom", "--no-look")).isZero();
        assertThat(out.toString()).contains("undo: Start the writers again", "▼ downtime begins");
    }

    @Test
    void asksForThePlanOfAnIncidentClassAndLeavesTheScenarioToTheDescriptor() {
        var plan = Plan.newBuilder(Samples.plan())
                .setIncidentClass(IncidentClass.SECURITY_BREACH)
                .build();
        answer(new PlanPreviewed(plan, null));

        assertThat(run("plan", "freedom", "--no-look", "--class", "security-breach"))
                .isZero();

        var preview = (PreviewPlan) ((OperatorCommand) plane.published.getFirst()).getCommand();
        assertThat(preview.getIncidentClass()).isEqualTo(IncidentClass.SECURITY_BREACH);
        assertThat(preview.getScenario()).isEmpty();
        assertThat(out.toString()).contains("full-rollback → graveyard/pre-reset, for a security breach");
    }

    @Test
    void saysWhyNobodyLooksWhatAPlanMeans() {
        answer(new PlanPreviewed(Samples.plan(), "rollback rb-1 runs and is changing it"));

        assertThat(run("plan", "freedom")).isZero();

        var preview = (PreviewPlan) ((OperatorCommand) plane.published.getFirst()).getCommand();
        assertThat(preview.getLookId()).startsWith("look-");
        assertThat(err.toString()).contains("Nobody looks what it means right now: rollback rb-1 runs");
    }

    @Test
    void startsARollbackForAnIncidentClass() {
        answer(started());

        assertThat(run(
                        "start",
                        "freedom",
                        "--reason",
                        "stolen key",
                        "--class",
                        "SECURITY_BREACH",
                        "--scenario",
                        "restore-point"))
                .isZero();

        var start = (StartRollback) ((OperatorCommand) plane.published.getFirst()).getCommand();
        assertThat(start.getIncidentClass()).isEqualTo(IncidentClass.SECURITY_BREACH);
        assertThat(start.getScenario()).isEqualTo("restore-point");
        assertThat(out.toString()).startsWith("Started full-rollback of freedom as " + Samples.ID + ", 4 steps");
    }

    @Test
    void printsThePlanAsJson() {
        answer(new PlanPreviewed(Samples.plan(), null));

        assertThat(run("-o", "json", "plan", "freedom", "--no-look")).isZero();
        assertThat(out.toString()).startsWith("{\"platform\":\"freedom\"").contains("\"type\":\"VerifyTarget\"");
    }

    @Test
    void abortsARunningRollbackOfWhateverPlatform() {
        plane.add(plane.topics().status(), Samples.status().build());
        answer(new AbortRequested("ada", "wrong tag", AbortMode.NOW, true));

        assertThat(run("abort", Samples.ID, "--reason", "wrong tag")).isZero();
        assertThat(plane.lastKey).isEqualTo("freedom");
        assertThat(out.toString()).contains(Samples.ID + " stops now");
    }

    @Test
    void doesNotAbortWhatIsOverOrUnknown() {
        plane.add(
                plane.topics().status(),
                Samples.status().setState(RollbackState.SUCCEEDED).build());

        assertThat(run("abort", Samples.ID, "--reason", "x")).isEqualTo(4);
        assertThat(run("abort", "rb-none", "--reason", "x")).isEqualTo(4);
        assertThat(err.toString()).contains("is over (succeeded)", "No rollback or platform 'rb-none'");
        assertThat(plane.published).isEmpty();
    }

    private static StepStatus gate(String id) {
        return Samples.step(id, "Approve the loss", Phase.RECOVER, StepState.AWAITING_APPROVAL)
                .setDetail("0 of 2 approvals: removes pgdata")
                .build();
    }

    private Object asked() {
        return ((OperatorCommand) plane.published.getLast()).getCommand();
    }

    @Test
    void abortsAfterTheStepAndLeavesThePlatformAsItIs() {
        plane.add(plane.topics().status(), Samples.status().build());
        answer(new AbortRequested("ada", "x", AbortMode.AFTER_STEP, false));

        assertThat(run("abort", "freedom", "--after-step", "--leave-as-is", "--reason", "x"))
                .isZero();
        assertThat(asked()).isEqualTo(new AbortRollback(Samples.ID, AbortMode.AFTER_STEP, false));
        assertThat(out.toString()).contains("when the steps that run have ended", "left as it is");
    }

    @Test
    void pausesAndSaysThatThePlatformIsDown() {
        plane.add(plane.topics().status(), Samples.status().build());
        answer(new RollbackPaused("ada", null, START.plusSeconds(5)));

        assertThat(run("pause", Samples.ID)).isZero();
        assertThat(asked()).isEqualTo(new PauseRollback(Samples.ID));
        assertThat(out.toString())
                .contains(
                        Samples.ID + " is paused",
                        "freedom is DOWN since 2026-01-31 10:15:05",
                        "rollbackctl resume " + Samples.ID);
    }

    @Test
    void resumesAPausedRollback() {
        plane.add(
                plane.topics().status(),
                Samples.status().setState(RollbackState.PAUSED).build());
        answer(new RollbackResumed("ada", null));

        assertThat(run("resume", "freedom", "--reason", "seen enough")).isZero();
        assertThat(((OperatorCommand) plane.published.getFirst()).getReason()).isEqualTo("seen enough");
        assertThat(asked()).isEqualTo(new ResumeRollback(Samples.ID));
        assertThat(out.toString()).contains(Samples.ID + " goes on.");
    }

    @Test
    void approvesTheOnlyOpenGateWithoutItsName() {
        plane.add(
                plane.topics().status(),
                Samples.status(gate("gate.loss"))
                        .setState(RollbackState.AWAITING_APPROVAL)
                        .build());
        answer(new GateApproved("gate.loss", "ada", null, 1, 2));

        assertThat(run("approve", Samples.ID, "--operator", "ada")).isZero();
        assertThat(asked()).isEqualTo(new ApproveGate(Samples.ID, "gate.loss"));
        assertThat(out.toString())
                .contains("Approved gate.loss of " + Samples.ID + " (1 of 2): 1 more must come from somebody else.");
    }

    @Test
    void asksWhichGateIsMeantAndSaysWhenNoneIsOpen() {
        assertThat(run("approve", "freedom")).isEqualTo(4);
        plane.add(plane.topics().status(), Samples.status().build());
        assertThat(run("approve", "freedom")).isEqualTo(4);
        plane.add(
                plane.topics().status(),
                Samples.status(gate("gate.loss"), gate("gate.prune")).build());
        assertThat(run("reject", "freedom", "--reason", "no")).isEqualTo(4);
        assertThat(err.toString())
                .contains(
                        "No rollback or platform 'freedom'",
                        "No gate of " + Samples.ID + " is open",
                        "Several gates are open, name one: gate.loss, gate.prune");
        assertThat(plane.published).isEmpty();
    }

    @Test
    void saysAtAGateWhatWentWrongBefore() {
        var dump = Samples.step("backup.database", "Dump the database", Phase.PRESERVE, StepState.FAILED)
                .setDetail("PostgreSQL does not answer")
                .build();
        plane.add(
                plane.topics().status(),
                Samples.status(dump, gate("gate.loss"))
                        .setState(RollbackState.AWAITING_APPROVAL)
                        .build());

        assertThat(run("status", "freedom")).isZero();
        assertThat(out.toString())
                .contains("Approve the loss, 0 of 2 approvals: removes pgdata")
                .contains("    Failed: Dump the database: PostgreSQL does not answer");
    }

    @Test
    void rejectsANamedGate() {
        plane.add(
                plane.topics().status(),
                Samples.status(gate("gate.loss"), gate("gate.prune")).build());
        answer(new GateRejected("gate.prune", "ada", "keep them"));

        assertThat(run("reject", Samples.ID, "gate.prune", "--reason", "keep them"))
                .isZero();
        assertThat(asked()).isEqualTo(new RejectGate(Samples.ID, "gate.prune"));
        assertThat(out.toString()).contains("Rejected gate.prune: " + Samples.ID + " stops");
    }

    @Test
    void retriesSkipsAndGivesMoreTime() {
        plane.add(plane.topics().status(), Samples.status().build());
        answer(new StepRetryRequested("backup.database", false, "ada", "disk freed"));
        assertThat(run("retry", Samples.ID, "backup.database", "--reason", "disk freed"))
                .isZero();
        assertThat(asked()).isEqualTo(new RetryStep(Samples.ID, "backup.database"));

        answer(new StepSkipped("backup.database", "skipped by ada", "ada", false));
        assertThat(run("skip", Samples.ID, "backup.database", "--reason", "there is one"))
                .isZero();
        assertThat(asked()).isEqualTo(new SkipStep(Samples.ID, "backup.database"));

        answer(new TimeoutChanged("backup.database", false, 2_700_000L, START.plusSeconds(2700), 1, "ada", null));
        assertThat(run("timeout", Samples.ID, "backup.database", "45m")).isZero();
        assertThat(asked()).isEqualTo(new ChangeTimeout(Samples.ID, "backup.database", 2_700_000L));
        answer(new FasterWayChosen("container.prepare-images", "ada", "no time"));
        assertThat(run("faster", Samples.ID, "container.prepare-images", "--reason", "no time"))
                .isZero();
        assertThat(asked()).isEqualTo(new TakeFasterWay(Samples.ID, "container.prepare-images"));
        assertThat(out.toString())
                .contains(
                        "container.prepare-images is done in its faster way.",
                        "A further attempt of backup.database begins.",
                        Samples.ID + " goes on without backup.database.",
                        "An attempt of backup.database may take 45:00 min, the one that runs until 2026-01-31 11:00:00.");
    }

    @Test
    void printsTheAnswerOfAControlAsJson() {
        plane.add(plane.topics().status(), Samples.status().build());
        answer(new RollbackPaused("ada", null, null));
        assertThat(run("-o", "json", "pause", Samples.ID)).isZero();
        assertThat(out.toString()).contains("\"type\":\"RollbackPaused\"");
    }

    @Test
    void endsWithFourAndTheReasonWhenAControlIsRefused() {
        plane.add(plane.topics().status(), Samples.status().build());
        answer(new CommandRejected("backup.database runs: wait for its end"));
        assertThat(run("skip", Samples.ID, "backup.database", "--reason", "x")).isEqualTo(4);
        assertThat(err.toString()).isEqualTo("rollbackctl: Rejected: backup.database runs: wait for its end\n");
    }

    // ---- looking --------------------------------------------------------------------------------

    @Test
    void showsWhatRunsAndTheNewestOfEachPlatform() {
        var step = Samples.step("git.verify-target", "Verify the tag", Phase.ASSESS, StepState.RUNNING)
                .build();
        plane.add(
                plane.topics().status(),
                Samples.status()
                        .setRollbackId("rb-old")
                        .setState(RollbackState.SUCCEEDED)
                        .setStartedAt(START.minusSeconds(900))
                        .setFinishedAt(START.minusSeconds(800))
                        .build());
        plane.add(plane.topics().status(), Samples.status(step).build());

        assertThat(run("status")).isZero();
        assertThat(out.toString().lines())
                .containsExactly(
                        "ROLLBACK                 PLATFORM  SCENARIO       STATE    STARTED              TOOK      RTO             NOW",
                        "rb-20260131-101500-a3f9  freedom   full-rollback  running  2026-01-31 10:15:00  1:00 min  29:00 min left  Verify the tag");

        assertThat(run("status", "--all")).isZero();
        assertThat(out.toString()).contains("rb-old");
    }

    @Test
    void saysThatNothingHasRunOrIsKnown() {
        assertThat(run("status")).isZero();
        assertThat(out.toString()).contains("No rollback has run yet.");
        assertThat(run("status", "nowhere")).isEqualTo(4);
        assertThat(run("watch")).isEqualTo(4);
        assertThat(run("history", "rb-none")).isEqualTo(4);
        assertThat(run("dead-letters", "list")).isZero();
    }

    @ParameterizedTest
    @CsvSource({"SUCCEEDED, 0", "REFUSED, 1", "COMPENSATED, 1", "COMPENSATION_FAILED, 1", "ABORTED, 1"})
    void watchEndsWithTheOutcome(RollbackState state, int code) {
        plane.add(
                plane.topics().status(),
                Samples.status()
                        .setState(state)
                        .setFinishedAt(START.plusSeconds(5))
                        .build());

        assertThat(run("watch", "freedom")).isEqualTo(code);
        assertThat(out.toString()).contains(Samples.ID);
    }

    @Test
    void watchWaitsForTheRollbackThatAnAlertIsAboutToStart() {
        plane.add(
                plane.topics().status(),
                Samples.status()
                        .setState(RollbackState.SUCCEEDED)
                        .setFinishedAt(START.plusSeconds(5))
                        .build());

        assertThat(run("watch", "freedom", "--since", START.toString())).isZero();
        assertThat(run("watch", "freedom", "--since", START.plusSeconds(60).toString(), "--timeout", "1s"))
                .isEqualTo(3);
        assertThat(err.toString()).contains("No rollback of freedom has started since");
        assertThat(run("watch", "--since", START.toString())).isEqualTo(2);
        assertThat(run("watch", "freedom", "--since", "yesterday")).isEqualTo(2);
    }

    @Test
    void replaysTheHistoryAndNoticesThatAnEventIsMissing() {
        plane.add(plane.topics().history(), Samples.event(1, 0, Samples.ID, "c", started()));
        plane.add(
                plane.topics().history(),
                Samples.event(3, 5000, Samples.ID, null, new RollbackFinished(Outcome.SUCCEEDED, "", 5000L, 0L)));

        assertThat(run("history", Samples.ID)).isEqualTo(1);
        assertThat(out.toString()).contains("rollback started", "+5.0 s");
        assertThat(err.toString()).contains("event 3 follows event 1");
    }

    // ---- report ---------------------------------------------------------------------------------

    private void recorded() {
        RecordedHistory.byOperator(Samples.plan(), "ada", "checkout is down")
                .at(5000)
                .finished(Outcome.SUCCEEDED, "all steps succeeded", 0)
                .events()
                .forEach(event -> plane.add(plane.topics().history(), event));
    }

    @Test
    void writesTheReportOfAPlatformsNewestRollback() throws IOException {
        recorded();
        plane.add(plane.topics().history(), Samples.event(1, 9000, "rb-later-check", "c", checked()));

        var file = directory.resolve("report.html");
        assertThat(run("report", "freedom", "--file", file.toString())).isZero();

        assertThat(out.toString()).contains("Wrote the report of " + Samples.ID + " to " + file);
        assertThat(file).content().contains("<!DOCTYPE html>", "Operator ada: checkout is down");
    }

    private static RollbackStarted checked() {
        var plan = Plan.newBuilder(Samples.plan()).setScenario("platform-check").build();
        return RollbackStarted.newBuilder().setPlan(plan).build();
    }

    @Test
    void printsTheReportAsMarkdown() {
        recorded();

        assertThat(run("report", Samples.ID, "--format", "markdown", "--file", "-"))
                .isZero();
        assertThat(out.toString()).startsWith("# Rollback report: freedom").contains("**Succeeded.**");
    }

    @Test
    void reportsThatTheHistoryIsBroken() {
        plane.add(plane.topics().history(), Samples.event(1, 0, Samples.ID, "c", started()));

        assertThat(run("report", Samples.ID, "--file", "-")).isEqualTo(1);
        assertThat(out.toString()).contains("Do not rely on this report");
        assertThat(err.toString()).contains("event 1 does not match its hash");
    }

    @Test
    void saysThatThereIsNothingToReportOn() {
        recorded();
        plane.add(
                plane.topics().history(),
                Samples.event(9, 0, "rb-torn", null, new RollbackFinished(Outcome.SUCCEEDED, "", 5L, 0L)));

        assertThat(run("report", "nowhere")).isEqualTo(4);
        assertThat(err.toString()).contains("no rollback 'nowhere'", "rollbackctl status --all");
        assertThat(run("report", "rb-torn")).isEqualTo(1);
        assertThat(err.toString()).contains("'rb-torn' does not tell how it started");
        assertThat(run(
                        "report",
                        Samples.ID,
                        "--file",
                        directory.resolve("none/r.html").toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("cannot be written", "--file");
        assertThat(run("report", Samples.ID, "--format", "pdf")).isEqualTo(2);
    }
}
