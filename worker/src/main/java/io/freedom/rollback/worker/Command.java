package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.FailureKind;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A native program run with arguments (never through a shell), a watchdog and bounded output. The process and its
 * children are ended when the calling thread is interrupted or the time is over; the process also when this one is killed.
 */
public final class Command {
    /** Output kept of each stream, bytes; what is beyond is read and dropped. */
    private static final int KEPT = 16 << 20;

    private final List<String> argv;
    private final Path directory;
    private final Map<String, String> environment = new HashMap<>();
    private Duration timeout = Duration.ofMinutes(2);
    private @Nullable File output;

    private Command(Path directory, List<String> argv) {
        this.directory = directory;
        this.argv = List.copyOf(argv);
    }

    public static Command in(Path directory, List<String> argv) {
        return new Command(directory, argv);
    }

    public Command environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    public Command timeout(Duration limit) {
        timeout = limit;
        return this;
    }

    /** Sends standard output to a file instead of keeping it. */
    public Command outputTo(Path file) {
        output = file.toFile();
        return this;
    }

    /** Exit code and output of a program that ran to its end. */
    public record Result(int exitCode, String stdout, String stderr) {
        public boolean succeeded() {
            return exitCode == 0;
        }
    }

    /** Runs and returns whatever the exit code. */
    public Result run() throws StepFailure, InterruptedException {
        var builder = new ProcessBuilder(TiedProcesses.argv(argv)).directory(directory.toFile());
        builder.environment().putAll(environment);
        builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        if (output != null) {
            builder.redirectOutput(output);
        }
        var limit = TimeLimit.of(timeout);
        Process process;
        try {
            process = TiedProcesses.start(builder);
        } catch (IOException e) {
            throw new StepFailure(
                    FailureKind.UNAVAILABLE,
                    "cannot run " + argv.getFirst() + " in " + directory + ": " + e.getMessage(),
                    e);
        }
        var stdout = new Drain(process.getInputStream());
        var stderr = new Drain(process.getErrorStream());
        try {
            while (!process.waitFor(limit.left(), TimeUnit.NANOSECONDS)) {
                if (limit.left() <= 0) {
                    throw new StepFailure(
                            FailureKind.UNAVAILABLE, "`" + String.join(" ", argv) + "` did not end within " + timeout);
                }
            }
            if (TiedProcesses.couldNotRun(process.exitValue(), stderr.text())) {
                throw new StepFailure(
                        FailureKind.UNAVAILABLE,
                        "cannot run " + argv.getFirst() + ": is it installed and on the worker's PATH?");
            }
            return new Result(process.exitValue(), stdout.text(), stderr.text());
        } finally {
            end(process);
        }
    }

    /** Runs; a non-zero exit is a TOOL failure with the end of its error output. */
    public Result check() throws StepFailure, InterruptedException {
        var result = run();
        if (!result.succeeded()) {
            var said = result.stderr().isBlank() ? result.stdout() : result.stderr();
            throw new StepFailure(
                    FailureKind.TOOL,
                    "`" + String.join(" ", argv) + "` failed with exit code " + result.exitCode() + ": " + tail(said));
        }
        return result;
    }

    private static String tail(String text) {
        var stripped = text.strip();
        return stripped.length() <= 2000 ? stripped : "…" + stripped.substring(stripped.length() - 2000);
    }

    private static void end(Process process) {
        if (process.isAlive()) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static final class Drain {
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        private final Thread thread;

        Drain(InputStream stream) {
            thread = Thread.ofVirtual().start(() -> read(stream));
        }

        private void read(InputStream stream) {
            var buffer = new byte[8192];
            try (stream) {
                for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
                    kept.write(buffer, 0, Math.min(n, KEPT - kept.size()));
                }
            } catch (IOException e) {
                // The process was ended and its pipe closed: what was read so far is all there is.
            }
        }

        String text() throws InterruptedException {
            thread.join();
            return kept.toString(StandardCharsets.UTF_8);
        }
    }
}
