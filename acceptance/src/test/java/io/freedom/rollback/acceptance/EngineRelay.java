package io.freedom.rollback.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A socket behind which the real Docker engine answers, until it is cut: other tests keep their engine. */
final class EngineRelay implements AutoCloseable {
    private static final Path ENGINE = Path.of("/var/run/docker.sock");

    private final Path directory;
    private final Path socket;
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private @Nullable ServerSocketChannel listener;

    EngineRelay() {
        try {
            directory = Files.createTempDirectory("relay-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        socket = directory.resolve("docker.sock");
        mend();
    }

    String host() {
        return "unix://" + socket;
    }

    /** The engine answers. */
    void mend() {
        try {
            var listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listening.bind(UnixDomainSocketAddress.of(socket));
            listener = listening;
            Thread.ofVirtual().start(() -> accept(listening));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As if the daemon were killed: calls break off, and nobody answers any more. */
    void cut() {
        try {
            if (listener != null) {
                listener.close();
            }
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        open.forEach(EngineRelay::close);
        open.clear();
    }

    @Override
    public void close() {
        cut();
        ControlPlane.remove(directory);
    }

    private void accept(ServerSocketChannel listening) {
        while (listening.isOpen()) {
            try {
                var caller = listening.accept();
                var engine = SocketChannel.open(UnixDomainSocketAddress.of(ENGINE));
                open.add(caller);
                open.add(engine);
                Thread.ofVirtual().start(() -> pump(caller, engine));
                Thread.ofVirtual().start(() -> pump(engine, caller));
            } catch (IOException e) {
                // Cut: the loop ends. Or the caller went again: the next is served.
            }
        }
    }

    private void pump(SocketChannel from, SocketChannel to) {
        var buffer = ByteBuffer.allocate(64 * 1024);
        try {
            while (from.read(buffer) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
                buffer.clear();
            }
            to.shutdownOutput();
        } catch (IOException e) {
            close(from);
            close(to);
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
