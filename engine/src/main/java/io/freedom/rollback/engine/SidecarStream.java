package io.freedom.rollback.engine;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.TimeLimit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What a container that does not run yet writes from its beginning to its end. */
final class SidecarStream {
    /** Bytes that are kept of its standard error. */
    private static final int KEPT = 4096;

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

    /** docker-java's own thread writes: while it cannot, nothing is read, and what writes inside waits. */
    private static final class Pump extends ResultCallback.Adapter<Frame> {
        private final OutputStream out;
        private final Calls.Activity activity;
        private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
        private volatile @Nullable Throwable failure;

        Pump(OutputStream out, Calls.Activity activity) {
            this.out = out;
            this.activity = activity;
        }

        @Override
        public void onNext(Frame frame) {
            activity.touch();
            if (failure != null) {
                return;
            }
            if (frame.getStreamType() == StreamType.STDERR) {
                keep(frame.getPayload());
                return;
            }
            try {
                out.write(frame.getPayload());
            } catch (IOException | RuntimeException e) {
                onError(e);
            }
        }

        private synchronized void keep(byte[] said) {
            errors.writeBytes(said);
            if (errors.size() > 2 * KEPT) {
                var all = errors.toByteArray();
                errors.reset();
                errors.writeBytes(Arrays.copyOfRange(all, all.length - KEPT, all.length));
            }
        }

        synchronized String said() {
            return errors.toString(StandardCharsets.UTF_8);
        }

        /** Whoever waits says it. */
        @Override
        public void onError(Throwable thrown) {
            if (failure == null) {
                failure = thrown;
            }
            try {
                close();
            } catch (IOException e) {
                thrown.addSuppressed(e);
            }
        }

        /** What this machine's disk says must not be taken for a silence of the engine. */
        void throwFailure() throws StepFailure {
            switch (failure) {
                case null -> {}
                case RuntimeException e -> throw e;
                case Throwable e -> throw new StepFailure(FailureKind.TOOL, String.valueOf(e.getMessage()), e);
            }
        }
    }
}
