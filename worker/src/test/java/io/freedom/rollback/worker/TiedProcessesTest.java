package io.freedom.rollback.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TiedProcessesTest {
    /** Runs a command as a worker does, which outlives it by far. */
    static final class Worker {
        public static void main(String[] args) throws Exception {
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            Command.in(Path.of("/"), List.of("sh", "-c", "echo; exec sleep 300"))
                                    .run();
                        } catch (StepFailure | InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    })
                    .join();
        }
    }

    @Test
    void endAtOnceWithAWorkerThatIsKilled() throws Exception {
        var worker = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Worker.class.getName())
                .inheritIO()
                .start();
        var child = awaitChild(worker.toHandle());

        worker.destroyForcibly();

        child.onExit().get(10, TimeUnit.SECONDS);
        assertThat(child.isAlive()).isFalse();
    }

    private static ProcessHandle awaitChild(ProcessHandle worker) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (System.nanoTime() < end) {
            var sleeping = worker.children()
                    .filter(child -> child.info().command().orElse("").endsWith("sleep"))
                    .findFirst();
            if (sleeping.isPresent()) {
                return sleeping.get();
            }
            Thread.onSpinWait();
        }
        throw new AssertionError("the worker starts no process");
    }

    @Test
    void saySoWhenTheProgramIsNotThere() {
        assertThatThrownBy(() ->
                        Command.in(Path.of("/"), List.of("no-such-program")).run())
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("cannot run no-such-program");
    }
}
