package io.freedom.rollback.engine;

import com.github.dockerjava.api.DockerClient;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.TimeLimit;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** What a container that does not run yet writes from its beginning to its end. */
final class SidecarStream {
    private static final Duration BRIEF = Duration.ofSeconds(30);
    private static final int POLL_MILLIS = 50;

    private final DockerClient client;
    private final Calls calls;
    private final Engine engine;
    private final String id;
    private final String what;

    SidecarStream(DockerClient client, Calls calls, Engine engine, String id) {
        this.client = client;
        this.calls = calls;
        this.engine = engine;
        this.id = id;
        what = "reading what container " + Engine.shortened(id) + " writes";
    }

    ExecResult read(OutputStream out, Duration silence) throws StepFailure, InterruptedException {
        var activity = new Calls.Activity();
        return calls.stream(what, activity, silence, () -> {
            try (var pump = new Pump(out, activity)) {
                client.attachContainerCmd(id)
                        .withStdOut(true)
                        .withStdErr(true)
                        .withFollowStream(true)
                        .exec(pump);
                if (!pump.awaitStarted(BRIEF.toSeconds(), TimeUnit.SECONDS)) {
                    throw new StepFailure(FailureKind.OUTAGE, what + ": the engine does not begin to");
                }
                engine.start(id);
                pump.awaitCompletion();
                pump.throwFailure();
                return new ExecResult(exitCode(), "", pump.said(), false);
            }
        });
    }

    private long exitCode() throws StepFailure, InterruptedException {
        var limit = TimeLimit.of(BRIEF);
        while (limit.left() > 0) {
            var details = engine.details(id);
            if (details.isEmpty()) {
                throw new StepFailure(FailureKind.UNAVAILABLE, what + ": it was removed");
            }
            if (!details.get().state().equals("running")) {
                return details.get().exitCode();
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        throw new StepFailure(FailureKind.UNAVAILABLE, what + ": the stream was cut, and it goes on");
    }
}
