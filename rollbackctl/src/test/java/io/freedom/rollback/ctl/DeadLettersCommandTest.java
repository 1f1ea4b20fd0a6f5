package io.freedom.rollback.ctl;

import static io.freedom.rollback.ctl.view.Samples.START;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.ctl.view.Samples;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.RollbackResumed;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.ResumeRollback;
import io.freedom.rollback.schemas.step.Worker;
import io.freedom.rollback.schemas.topics.Topic;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeadLettersCommandTest {
    private static final String JSON = "{\"version\": \"4\",\n \"alerts\": []}";

    private final InMemoryControlPlane plane = new InMemoryControlPlane();
    private final Topic incidents = plane.topics().incidents();
    private final Topic commands = plane.topics().operatorCommands();
    private StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path directory;

    private int run(String... arguments) {
        out = new StringWriter();
        var terminal = new Terminal.ProcessTerminal(false, false);
        var surroundings =
                new Surroundings(_ -> plane, terminal, InstantSource.fixed(START.plusSeconds(60)), ZoneOffset.UTC);
        return Rollbackctl.commandLine(surroundings)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    private static DeadLetter letter(Topic topic, byte[] value, String reason) {
        return DeadLetter.newBuilder()
                .setTopic(topic.name())
                .setPartition(2)
                .setOffset(7)
                .setAt(START)
                .setReason(reason)
                .setKey(ByteBuffer.wrap("freedom".getBytes(StandardCharsets.UTF_8)))
                .setValue(ByteBuffer.wrap(value))
                .build();
    }

    private void add(Topic topic, String value, String reason) {
        plane.add(plane.topics().deadLetters(topic), letter(topic, value.getBytes(StandardCharsets.UTF_8), reason));
    }

    private static OperatorCommand resume() {
        return OperatorCommand.newBuilder()
                .setCommandId("c1")
                .setPlatform("freedom")
                .setOperator("ops")
                .setAt(START)
                .setCommand(new ResumeRollback(Samples.ID))
                .build();
    }

    private void resumeAnsweredBy(SpecificRecord event) {
        plane.known.put("avro", resume());
        plane.answering((asked, _) -> Map.of(
                plane.topics().history(),
                Samples.event(1, 0, Samples.ID, ((OperatorCommand) asked).getCommandId(), event)));
        add(commands, "avro", "platform freedom is not registered");
    }

    @Test
    void listsThemByTheNameThatTheOthersTake() {
        add(incidents, JSON, "neither Avro nor JSON");

        assertThat(run("dead-letters", "list")).isZero();
        assertThat(out.toString()).contains("rollback.incidents-2@7  neither Avro nor JSON");
    }

    @Test
    void showsAllReasonsTheKeyAndTheText() {
        add(incidents, JSON, "first alert: \"startsAt\" is missing");
        add(incidents, JSON, "second alert: \"platform\" is missing");

        assertThat(run("dead-letters", "show", "rollback.incidents-2@7")).isZero();
        assertThat(out.toString())
                .contains("rollback.incidents-2@7", "first alert", "second alert", "key        freedom", "31 B")
                .contains(JSON);
    }

    @Test
    void showsWhatIsNoTextAsDigitsAndWritesItAsItIs() throws Exception {
        var bytes = "\0\1\33[31mred".getBytes(StandardCharsets.UTF_8);
        plane.add(plane.topics().deadLetters(incidents), letter(incidents, bytes, "not ours"));
        var file = directory.resolve("letter");

        assertThat(run("dead-letters", "show", "rollback.incidents-2@7", "--file", file.toString()))
                .isZero();
        assertThat(out.toString())
                .contains("000000  00 01 1b 5b 33 31 6d 72 65 64")
                .doesNotContain("\33");
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
        assertThat(run("dead-letters", "show", "rollback.incidents-2@7", "--file", directory.toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("cannot be written");
    }

    @Test
    void showsARecordOfOursAsJson() {
        plane.known.put("avro", resume());
        add(commands, "avro", "platform freedom is not registered");

        assertThat(run("dead-letters", "show", "rollback.operator-commands-2@7"))
                .isZero();
        assertThat(out.toString()).contains("OperatorCommand", "\"commandId\":\"c1\"");
    }

    @Test
    void replaysTheBytesAndTheKeyAndSaysWhoWantedIt() {
        add(incidents, JSON, "platform freedom is not registered");

        assertThat(run(
                        "--operator",
                        "jo",
                        "--timeout",
                        "1s",
                        "dead-letters",
                        "replay",
                        "rollback.incidents-2@7",
                        "--reason",
                        "registered now"))
                .isZero();

        assertThat(plane.published).containsExactly(JSON);
        assertThat(plane.lastKey).isEqualTo("freedom");
        assertThat(plane.lastHeaders)
                .containsEntry("rollback.replay.letter", "rollback.incidents-2@7")
                .containsEntry("rollback.replay.by", "jo")
                .containsEntry("rollback.replay.reason", "registered now");
        assertThat(out.toString()).contains("Replayed as rollback.incidents-0@0, and not refused");
    }

    @Test
    void saysWhatBecameOfACommand() {
        resumeAnsweredBy(new RollbackResumed("ops", null));

        assertThat(run("dead-letters", "replay", "rollback.operator-commands-2@7", "--reason", "registered now"))
                .isZero();
        assertThat(out.toString()).contains("Replayed as rollback.operator-commands-0@0.", "ops");
    }

    @Test
    void saysThatACommandIsRejectedOrRefusedAgain() {
        resumeAnsweredBy(new CommandRejected("nothing of freedom is paused"));

        assertThat(run("dead-letters", "replay", "rollback.operator-commands-2@7", "--reason", "x"))
                .isEqualTo(4);
        assertThat(err.toString()).contains("and rejected: nothing of freedom is paused");

        plane.answering((_, where) -> Map.of(
                plane.topics().deadLetters(commands),
                DeadLetter.newBuilder()
                        .setTopic(where.topic())
                        .setPartition(where.partition())
                        .setOffset(where.offset())
                        .setAt(START)
                        .setReason("still not registered")
                        .build()));
        assertThat(run("dead-letters", "replay", "rollback.operator-commands-2@7", "--reason", "x"))
                .isEqualTo(4);
        assertThat(err.toString()).contains("still not registered");
    }

    @Test
    void neverReplaysWhatAWorkerWouldDoWithoutTheOrchestrator() {
        var topic = plane.topics().commands(Worker.CONTAINER);
        add(topic, "x", "unknown action");

        assertThat(run("dead-letters", "replay", topic.name() + "-2@7", "--reason", "x"))
                .isEqualTo(4);
        assertThat(err.toString()).contains("rollbackctl retry ROLLBACK STEP");
        assertThat(plane.published).isEmpty();
    }

    @Test
    void neverReplaysTheBeginningOfARecord() {
        var cut = letter(incidents, JSON.getBytes(StandardCharsets.UTF_8), "too many alerts");
        plane.add(
                plane.topics().deadLetters(incidents),
                DeadLetter.newBuilder(cut).setSize(77_000).build());

        assertThat(run("dead-letters", "show", "rollback.incidents-2@7")).isZero();
        assertThat(out.toString()).contains("the first 31 B of 77 kB");
        assertThat(run("dead-letters", "replay", "rollback.incidents-2@7", "--reason", "x"))
                .isEqualTo(4);
        assertThat(err.toString()).contains("only its beginning is here");
        assertThat(plane.published).isEmpty();
    }

    @Test
    void refusesWhatIsNotThere() {
        assertThat(run("dead-letters", "replay", "rollback.incidents-2@7", "--reason", "x"))
                .isEqualTo(4);
        assertThat(err.toString()).contains("There is no dead letter rollback.incidents-2@7", "dead-letters list");
        assertThat(run("dead-letters", "replay", "other.incidents-2@7", "--reason", "x"))
                .isEqualTo(4);
        assertThat(err.toString()).contains("other.incidents is no topic", "--prefix");
        assertThat(run("dead-letters", "show", "incidents")).isEqualTo(2);
        assertThat(err.toString()).contains("'incidents' is no dead letter");
        assertThat(run("dead-letters", "replay", "rollback.incidents-2@7")).isEqualTo(2);
        assertThat(run("dead-letters", "replay", "rollback.incidents-2@7", "--reason", " "))
                .isEqualTo(2);
    }
}
