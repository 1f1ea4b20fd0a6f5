package io.freedom.rollback.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineProviderTest {
    @TempDir
    Path temp;

    @Test
    void saysThatDockerDoesNotAnswerWhenNobodyListens() {
        try (var provider = new EngineProvider(URI.create("unix://" + temp.resolve("docker.sock")))) {
            assertThatThrownBy(provider::engine)
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.OUTAGE))
                    .hasMessageContaining("Docker does not answer at unix://" + temp)
                    .hasMessageContaining("is the daemon running?");
        }
    }

    @Test
    @Tag("engine")
    void findsTheEngineAgainAfterItWasAway() throws Exception {
        var socket = temp.resolve("docker.sock");
        try (var provider = new EngineProvider(URI.create("unix://" + socket))) {
            try (var relay = new Relay(socket)) {
                assertThat(provider.engine().version()).isNotEmpty();
            }
            assertThatThrownBy(provider::engine).hasMessageContaining("is the daemon running?");
            Files.deleteIfExists(socket);
            try (var relay = new Relay(socket)) {
                assertThat(provider.engine().version()).isNotEmpty();
            }
        }
    }

    /** Stands in for an engine that goes away and comes back: passes everything to the real one. */
    private static final class Relay implements AutoCloseable {
        private final ServerSocketChannel server;
        private final List<SocketChannel> open = new CopyOnWriteArrayList<>();

        Relay(Path socket) throws Exception {
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(socket));
            Thread.ofVirtual().start(this::accept);
        }

        private void accept() {
            try {
                while (server.isOpen()) {
                    var here = server.accept();
                    var there = SocketChannel.open(UnixDomainSocketAddress.of("/var/run/docker.sock"));
                    open.add(here);
                    open.add(there);
                    Thread.ofVirtual().start(() -> pump(here, there));
                    Thread.ofVirtual().start(() -> pump(there, here));
                }
            } catch (IOException e) {
                // Closed.
            }
        }

        private static void pump(SocketChannel from, SocketChannel to) {
            var buffer = ByteBuffer.allocate(8192);
            try {
                while (from.read(buffer.clear()) >= 0) {
                    buffer.flip();
                    while (buffer.hasRemaining()) {
                        to.write(buffer);
                    }
                }
            } catch (IOException e) {
                // Closed.
            }
        }

        @Override
        public void close() throws Exception {
            server.close();
            for (var channel : open) {
                channel.close();
            }
        }
    }
}
