package io.freedom.rollback.schemas.registry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Answers what it was told to, 404 with Confluent's code otherwise, and keeps the requests. */
public final class RecordingRegistry implements AutoCloseable {
    private record Canned(int status, String body) {}

    private final HttpServer server;
    private final Map<String, Canned> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> credentials = new CopyOnWriteArrayList<>();

    public RecordingRegistry() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handle);
        server.start();
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** @param request e.g. {@code GET /subjects} */
    public void answer(String request, int status, String body) {
        answers.put(request, new Canned(status, body));
    }

    public List<String> requests() {
        return List.copyOf(requests);
    }

    /** {@code Authorization} headers received. */
    public List<String> credentials() {
        return List.copyOf(credentials);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String request =
                    exchange.getRequestMethod() + " " + exchange.getRequestURI().getRawPath();
            requests.add(request);
            credentials.addAll(exchange.getRequestHeaders().getOrDefault("Authorization", List.of()));
            Canned answer =
                    answers.getOrDefault(request, new Canned(404, "{\"error_code\":40403,\"message\":\"not found\"}"));
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
