package io.freedom.rollback.worker;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Processes that the kernel ends with this one, however it ends. Otherwise a `git checkout` or `docker compose up` of a
 * worker killed with -9 would live on and act beside the attempt that takes its place.
 */
final class TiedProcesses {
    private static final List<String> TIE = List.of("setpriv", "--pdeathsig", "KILL", "--");
    /** The kernel ties a process to the thread that starts it, so that thread must live as long as this process. */
    private static final ExecutorService STARTER = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("process-starter").factory());

    private TiedProcesses() {}

    /** Looked up once, and on that thread: the one that asks may have been interrupted. */
    private static final class Tie {
        static final boolean SUPPORTED = CompletableFuture.supplyAsync(TiedProcesses::isSupported, STARTER)
                .join();
    }

    /** As given where the machine has no util-linux. */
    static List<String> argv(List<String> argv) {
        if (!Tie.SUPPORTED) {
            return argv;
        }
        var tied = new ArrayList<>(TIE);
        tied.addAll(argv);
        return tied;
    }

    static Process start(ProcessBuilder builder) throws IOException {
        var started = STARTER.submit(builder::start);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return started.get();
                } catch (InterruptedException e) {
                    interrupted = true; // starting takes milliseconds, and a process nobody holds could not be ended
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new CompletionException(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Whether the program itself was not found: what ties it is started in its place, and says so. */
    static boolean couldNotRun(int exitCode, String stderr) {
        return Tie.SUPPORTED && exitCode == 127 && stderr.startsWith(TIE.getFirst() + ": ");
    }

    private static boolean isSupported() {
        var argv = new ArrayList<>(TIE);
        argv.add("true");
        try {
            var probe = new ProcessBuilder(argv)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return probe.waitFor(5, TimeUnit.SECONDS) && probe.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
