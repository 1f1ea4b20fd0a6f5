package io.freedom.rollback.health;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A real HTTP server on a free port. */
final class HttpPeer implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    HttpPeer() throws IOException {
        this(0);
    }

    static HttpPeer on(int port) {
        try {
            return new HttpPeer(port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private HttpPeer(int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(threads);
        server.start();
    }

    HttpPeer answering(String path, HttpHandler handler) {
        server.createContext(path, handler);
        return this;
    }

    HttpPeer answering(String path, int status, String body) {
        return answering(path, exchange -> answer(exchange, status, body));
    }

    String url(String path) {
        return "http://localhost:" + server.getAddress().getPort() + path;
    }

    static void answer(HttpExchange exchange, int status, String body) throws IOException {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        try (exchange) {
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
