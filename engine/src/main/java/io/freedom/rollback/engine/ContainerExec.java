package io.freedom.rollback.engine;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectExecResponse;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.TimeLimit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Programs run inside a container. */
final class ContainerExec {
    /** Output kept of each stream, bytes. */
    private static final int KEPT = 4 << 20;

    private static final String MARK = "ROLLBACK_EXEC";
    private static final Duration BRIEF = Duration.ofSeconds(30);

    /**
     * Docker cannot end an exec, and a dump that nobody waits for would go on for hours. Children inherit the
     * environment, so the mark finds them all; the marked program and this script run as the same user.
     */
    private static final String END = """
            for signal in TERM KILL; do
              for p in /proc/[0-9]*; do
                if grep -q -e "$1" "$p/environ" 2>/dev/null; then kill -$signal "${p#/proc/}" 2>/dev/null; found=1; fi
              done
              if [ "$signal$found" = TERM1 ]; then sleep 1; fi
            done
            """;

    private static final Pattern CONTAINER_ENDED = Pattern.compile(
            "(OCI runtime exec failed: .*)?(cannot exec (in a \\w+ state|a container that has stopped)|error executing setns process)");

    private final DockerClient client;
    private final Calls calls;
    private final String containerId;

    ContainerExec(DockerClient client, Calls calls, String containerId) {
        this.client = client;
        this.calls = calls;
        this.containerId = containerId;
    }

    ExecResult run(List<String> argv, Map<String, String> environment, Duration timeout)
            throws StepFailure, InterruptedException {
        var what = "running " + argv.getFirst() + " in container " + Engine.shortened(containerId);
        var mark = UUID.randomUUID().toString();
        var limit = TimeLimit.of(timeout);
        boolean over = false;
        try {
            var result = attempt(what, argv, marked(environment, mark), limit);
            over = true;
            return result;
        } catch (StepFailure e) {
            over = e.kind() == FailureKind.PRECONDITION;
            throw e;
        } finally {
            if (!over) {
                endMarked(mark);
            }
        }
    }

    /** The same with a program that writes a tar stream, which is read as it comes. */
    ExecResult read(List<String> argv, Map<String, String> environment, TarReader reader)
            throws StepFailure, InterruptedException {
        var what = "running " + argv.getFirst() + " in container " + Engine.shortened(containerId);
        var mark = UUID.randomUUID().toString();
        var activity = new Calls.Activity();
        boolean over = false;
        try {
            var result = calls.stream(
                    what, activity, () -> pump(what, create(what, argv, marked(environment, mark)), activity, reader));
            over = true;
            return result;
        } finally {
            if (!over) {
                endMarked(mark);
            }
        }
    }

    private ExecResult pump(String what, String id, Calls.Activity activity, TarReader reader) throws Exception {
        var pipe = Pipe.open();
        try (var sink = Channels.newOutputStream(pipe.sink());
                var pump = new Pump(sink, activity) {
                    @Override
                    public void close() throws IOException {
                        sink.close(); // whoever reads is at the end then
                        super.close();
                    }
                };
                var tar = new WatchedTar(Channels.newInputStream(pipe.source()), _ -> activity.touch())) {
            client.execStartCmd(id).exec(pump);
            boolean whole;
            try {
                ContainerCopy.onDisk(what, () -> reader.read(tar));
                whole = tar.isComplete();
            } catch (IOException e) {
                throw new StepFailure(
                        FailureKind.UNAVAILABLE,
                        "%s: what it writes is no tar stream, or was cut: %s".formatted(what, e.getMessage()),
                        e);
            }
            pump.awaitCompletion();
            pump.throwFailure();
            long exitCode = Objects.requireNonNullElse(
                    ended(what, id, TimeLimit.of(BRIEF)).getExitCodeLong(), -1L);
            if (!whole) {
                throw new StepFailure(
                        FailureKind.UNAVAILABLE,
                        "%s: it ended with exit code %d before its tar stream was whole: %s"
                                .formatted(what, exitCode, pump.said().strip()));
            }
            return new ExecResult(exitCode, "", pump.said(), false);
        }
    }

    private String create(String what, List<String> argv, List<String> environment)
            throws StepFailure, InterruptedException {
        return calls.call(
                what,
                () -> client.execCreateCmd(containerId)
                        .withCmd(argv.toArray(String[]::new))
                        .withEnv(environment)
                        .withAttachStdout(true)
                        .withAttachStderr(true)
                        .exec()
                        .getId());
    }

    private ExecResult attempt(String what, List<String> argv, List<String> environment, TimeLimit limit)
            throws StepFailure, InterruptedException {
        var id = create(what, argv, environment);
        try (var output = new Output()) {
            client.execStartCmd(id).exec(output);
            while (!output.awaitCompletion(limit.left(), TimeUnit.NANOSECONDS)) {
                if (limit.left() <= 0) {
                    throw late(what);
                }
            }
            // A cut stream ends as silently as a finished one: only the engine knows whether the program is done.
            var state = ended(what, id, limit);
            var result = new ExecResult(
                    state.getExitCodeLong() == null ? -1 : state.getExitCodeLong(),
                    output.stdout.text(),
                    output.stderr.text(),
                    output.stdout.truncated || output.stderr.truncated);
            if (neverBegan(result)) {
                throw new StepFailure(
                        FailureKind.UNAVAILABLE,
                        what + ": the container ended before it began ("
                                + result.stdout().strip() + ")");
            }
            return result;
        } catch (IOException | RuntimeException e) {
            throw calls.failure(what, e);
        }
    }

    /** The engine says so in the program's place, with the exit code of one that cannot be executed. */
    static boolean neverBegan(ExecResult result) {
        return result.exitCode() == 126
                && CONTAINER_ENDED.matcher(result.stdout()).lookingAt();
    }

    private InspectExecResponse ended(String what, String id, TimeLimit limit)
            throws StepFailure, InterruptedException {
        while (true) {
            var state = calls.call(what, () -> {
                try {
                    return client.inspectExecCmd(id).exec();
                } catch (NotFoundException gone) {
                    throw new StepFailure(
                            FailureKind.OUTAGE, what + ": the engine knows nothing of it any more: was it restarted?");
                }
            });
            if (!Boolean.TRUE.equals(state.isRunning())) {
                return state;
            }
            if (limit.left() <= 0) {
                throw late(what);
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private static StepFailure late(String what) {
        return new StepFailure(FailureKind.UNAVAILABLE, what + " did not end in time and was ended");
    }

    private void endMarked(String mark) throws InterruptedException {
        // The interrupt that may have brought us here must not keep us from cleaning up.
        boolean interrupted = Thread.interrupted();
        try {
            calls.call("ending a program in container " + Engine.shortened(containerId), Duration.ofSeconds(10), () -> {
                var id = client.execCreateCmd(containerId)
                        .withCmd("sh", "-c", END, "sh", MARK + "=" + mark)
                        .withAttachStdout(true)
                        .exec()
                        .getId();
                try (var output = new Output()) {
                    client.execStartCmd(id).exec(output).awaitCompletion();
                }
                return null;
            });
        } catch (StepFailure e) {
            // The container or the engine is gone, and the program with it; the caller already has its failure.
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static List<String> marked(Map<String, String> environment, String mark) {
        var all = new ArrayList<String>();
        environment.forEach((name, value) -> all.add(name + "=" + value));
        all.add(MARK + "=" + mark);
        return all;
    }

    private static final class Output extends ResultCallback.Adapter<Frame> {
        private final Kept stdout = new Kept();
        private final Kept stderr = new Kept();

        @Override
        public void onNext(Frame frame) {
            (frame.getStreamType() == StreamType.STDERR ? stderr : stdout).add(frame.getPayload());
        }
    }

    private static final class Kept {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private boolean truncated;

        synchronized void add(byte[] payload) {
            int room = Math.min(payload.length, KEPT - bytes.size());
            bytes.write(payload, 0, room);
            truncated |= room < payload.length;
        }

        synchronized String text() {
            return bytes.toString(StandardCharsets.UTF_8);
        }
    }
}
