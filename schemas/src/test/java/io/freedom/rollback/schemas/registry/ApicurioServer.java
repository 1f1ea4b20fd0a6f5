package io.freedom.rollback.schemas.registry;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A real Apicurio Registry as a process of its own, in memory, on a free port; ended on close. */
public final class ApicurioServer implements AutoCloseable {
    private static final Path DISTRIBUTION = Path.of("target", "apicurio");
    private static final Duration START = Duration.ofSeconds(90);

    private final Process process;
    private final String url;

    private ApicurioServer(Process process, String url) {
        this.process = process;
        this.url = url;
    }

    /** Returns once the registry answers. */
    public static ApicurioServer start() throws IOException {
        int port = freePort();
        Path log = Files.createTempFile(Path.of("target"), "apicurio-", ".log");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-Dquarkus.http.host=127.0.0.1",
                        "-Dquarkus.http.port=" + port,
                        "-Dquarkus.management.enabled=false",
                        "-Dquarkus.management.host=127.0.0.1",
                        "-Dquarkus.management.port=" + freePort(),
                        "-jar",
                        "quarkus-run.jar")
                .directory(DISTRIBUTION.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        ApicurioServer server = new ApicurioServer(process, "http://127.0.0.1:" + port + "/apis/ccompat/v7");
        try (RegistryClient client = RegistryClient.at(server.url())) {
            await("Apicurio Registry, log " + log)
                    .atMost(START)
                    .pollInterval(Duration.ofMillis(200))
                    .ignoreExceptionsInstanceOf(RegistryUnavailableException.class)
                    .failFast("the registry ended, see " + log, () -> !process.isAlive())
                    .until(() -> client.subjects().isEmpty());
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
        return server;
    }

    public String url() {
        return url;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
