package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.Answers;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Publishes an operator's command and waits for its answer in the history. */
record OperatorRequest(ControlPlane plane, String operator, Duration timeout, InstantSource clock) {

    /**
     * The answer.
     *
     * @throws Failure when the command is rejected, or not answered in time
     */
    HistoryEvent ask(String platform, @Nullable String reason, SpecificRecord command) {
        var commandId = UUID.randomUUID().toString();
        var topic = plane.topics().operatorCommands();
        var request = OperatorCommand.newBuilder()
                .setCommandId(commandId)
                .setPlatform(platform)
                .setOperator(operator)
                .setReason(reason)
                .setAt(clock.instant())
                .setCommand(command)
                .build();
        try (var answers = Answers.to(topic, plane)) {
            var published = plane.publish(topic, platform, request);
            var answer = answers.await(event -> commandId.equals(event.getCause()), published, timeout)
                    .orElseThrow(() -> noAnswer(platform, topic.name()));
            if (answer.getEvent() instanceof CommandRejected rejected) {
                throw Failure.rejected("Rejected: " + rejected.getReason());
            }
            return answer;
        }
    }

    private Failure noAnswer(String platform, String topic) {
        return Failure.unreachable("No answer within " + timeout.toSeconds() + " s: is the orchestrator running? The"
                + " command is kept in " + topic + " and WILL be carried out once it runs. See what became of it with:"
                + " rollbackctl history --platform " + platform + " --since 10m");
    }
}
