package io.freedom.rollback.engine;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Logs of one container. */
final class ContainerLogs {
    /** Longer lines are cut into several, bytes. */
    private static final int LINE = 64 << 10;

    private final DockerClient client;
    private final Calls calls;
    private final String containerId;

    ContainerLogs(DockerClient client, Calls calls, String containerId) {
        this.client = client;
        this.calls = calls;
        this.containerId = containerId;
    }

    long read(@Nullable Instant since, Instant until, Consumer<String> line) throws StepFailure, InterruptedException {
        var given = new LongAdder();
        Consumer<String> counted = text -> {
            given.increment();
            line.accept(text);
        };
        feed(new Lines(since == null ? counted : text -> within(since, until, text, counted)), since, 0);
        return given.sum();
    }

    List<String> last(int count) throws StepFailure, InterruptedException {
        var kept = new ArrayList<String>();
        feed(new Lines(kept::add), null, count);
        return List.copyOf(kept.size() > count ? kept.subList(kept.size() - count, kept.size()) : kept);
    }

    /** All that is there, or what is of that second or later, or the last ones. */
    void entries(@Nullable Instant since, int tail, Duration silence, LogEntries taker)
            throws StepFailure, InterruptedException {
        var activity = new Calls.Activity();
        calls.stream("reading logs of container " + Engine.shortened(containerId), activity, silence, () -> {
            var command = client.logContainerCmd(containerId)
                    .withStdOut(true)
                    .withStdErr(true)
                    .withFollowStream(false)
                    .withTimestamps(true);
            if (tail > 0) {
                command.withTail(tail);
            } else {
                command.withTailAll();
            }
            if (since != null) {
                command.withSince(Math.toIntExact(Math.max(0, since.getEpochSecond())));
            }
            var reader = new EntryReader(activity, taker);
            try (reader) {
                command.exec(reader).awaitCompletion();
            }
            reader.finish();
            return reader;
        });
    }

    private void feed(Lines lines, @Nullable Instant since, int tail) throws StepFailure, InterruptedException {
        calls.stream("reading logs of container " + Engine.shortened(containerId), lines.activity, () -> {
            var command = client.logContainerCmd(containerId)
                    .withStdOut(true)
                    .withStdErr(true)
                    .withFollowStream(false);
            if (since != null) {
                command.withSince(Math.toIntExact(since.getEpochSecond())).withTimestamps(true);
            }
            if (tail > 0) {
                command.withTail(tail);
            } else {
                command.withTailAll();
            }
            try (lines) {
                command.exec(lines).awaitCompletion();
            }
            lines.finish();
            return lines;
        });
    }

    /** The engine knows whole seconds only. */
    private static void within(Instant since, Instant until, String stamped, Consumer<String> line) {
        int space = stamped.indexOf(' ');
        try {
            var at = space > 0 ? Instant.parse(stamped.substring(0, space)) : since;
            if (at.isBefore(since) || !at.isBefore(until)) {
                return;
            }
            line.accept(stamped.substring(space + 1));
        } catch (DateTimeParseException e) {
            line.accept(stamped); // The rest of a line that was cut.
        }
    }

    private static final class Lines extends ResultCallback.Adapter<Frame> {
        private final Calls.Activity activity = new Calls.Activity();
        private final Consumer<String> consumer;
        private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
        private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();

        Lines(Consumer<String> consumer) {
            this.consumer = consumer;
        }

        @Override
        public void onNext(Frame frame) {
            activity.touch();
            var line = frame.getStreamType() == StreamType.STDERR ? stderr : stdout;
            for (byte b : frame.getPayload()) {
                if (b == '\n' || line.size() >= LINE) {
                    emit(line);
                }
                if (b != '\n') {
                    line.write(b);
                }
            }
        }

        void finish() {
            for (var line : List.of(stdout, stderr)) {
                if (line.size() > 0) {
                    emit(line);
                }
            }
        }

        private void emit(ByteArrayOutputStream line) {
            var text = line.toString(StandardCharsets.UTF_8);
            line.reset();
            consumer.accept(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
        }
    }
}
