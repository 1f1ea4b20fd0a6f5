package io.freedom.rollback.orchestrator.streams;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/** The two calls of the registry's API that serdes make, for tests without a registry server. */
final class InMemoryRegistry implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final HttpServer server;
    private final List<String> schemas = new ArrayList<>();

    InMemoryRegistry() throws IOException {
        this(List.of());
    }

    /** One that has these already, from id 1 on. */
    InMemoryRegistry(List<String> registered) throws IOException {
        schemas.addAll(registered);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/subjects/", this::register);
        server.createContext("/schemas/ids/", this::schema);
        server.start();
    }

    String url() {
        return "http://localhost:" + server.getAddress().getPort();
    }

    /** The first one has id 1. */
    synchronized List<String> schemas() {
        return List.copyOf(schemas);
    }

    private synchronized void register(HttpExchange exchange) throws IOException {
        var schema = JSON.readTree(exchange.getRequestBody().readAllBytes())
                .path("schema")
                .asString();
        if (!schemas.contains(schema)) {
            schemas.add(schema);
        }
        answer(
                exchange,
                JsonNodeFactory.instance
                        .objectNode()
                        .put("id", schemas.indexOf(schema) + 1)
                        .toString());
    }

    private synchronized void schema(HttpExchange exchange) throws IOException {
        var path = exchange.getRequestURI().getPath();
        int id = Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
        answer(
                exchange,
                JsonNodeFactory.instance
                        .objectNode()
                        .put("schema", schemas.get(id - 1))
                        .toString());
    }

    private static void answer(HttpExchange exchange, String json) throws IOException {
        var bytes = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/vnd.schemaregistry.v1+json");
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
