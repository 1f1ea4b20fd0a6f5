package io.freedom.rollback.standalone.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.standalone.Ports;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryProcessTest {
    @TempDir
    Path directory;

    @Test
    void endsWithAParentThatIsKilled() throws Exception {
        var parent = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Drollback.home=" + System.getProperty("rollback.home"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Parent.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var said = parent.inputReader(UTF_8)) {
            var line = said.readLine();
            assertThat(line).startsWith("registry ");
            var registry = ProcessHandle.of(Long.parseLong(line.substring("registry ".length())))
                    .orElseThrow();
            assertThat(registry.isAlive()).isTrue();

            parent.destroyForcibly();

            assertThat(registry.onExit().get(15, SECONDS).isAlive()).isFalse();
        } finally {
            parent.descendants().forEach(ProcessHandle::destroyForcibly);
            parent.destroyForcibly();
        }
    }

    /** Starts a registry and says its process id; then hangs until it is killed. */
    static final class Parent {
        public static void main(String[] args) throws IOException, InterruptedException {
            var directory = Path.of(args[0]);
            var home = Path.of(System.getProperty("rollback.home"), "registry");
            var registry = RegistryProcess.start(
                    home, directory, directory, Ports.free().registry(), () -> {});
            registry.awaitReady();
            ProcessHandle.current().children().forEach(child -> System.out.println("registry " + child.pid()));
            Thread.currentThread().join();
        }
    }
}
