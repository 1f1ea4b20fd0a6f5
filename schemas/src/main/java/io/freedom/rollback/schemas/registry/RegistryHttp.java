package io.freedom.rollback.schemas.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/** One request to the first registry URL that answers, beginning with the one that answered last. */
final class RegistryHttp implements AutoCloseable {
    private static final String MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** @param errorCode Confluent's code, e.g. 40403; 0 where the answer has none */
    record Answer(String url, int status, int errorCode, JsonNode body) {
        boolean isSuccess() {
            return status >= 200 && status < 300;
        }

        /** The registry itself says that it does not have it; a 404 without code comes from a wrong base URL. */
        boolean isNotFound() {
            return status == 404 && errorCode != 0 && errorCode != 404;
        }

        String message() {
            String message = body.path("message").asText("");
            return message.isBlank() ? "HTTP status " + status : message;
        }
    }

    private final List<String> urls;
    private final Optional<String> authorization;
    private final HttpClient http;
    private volatile int preferred;

    RegistryHttp(List<String> urls, Optional<String> userInfo) {
        this.urls = List.copyOf(urls);
        this.authorization = userInfo.map(
                pair -> "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .build();
    }

    String address() {
        return String.join(", ", urls);
    }

    Answer get(String path) {
        return send("GET", path, BodyPublishers.noBody());
    }

    Answer send(String method, String path, JsonNode body) {
        return send(method, path, BodyPublishers.ofString(body.toString()));
    }

    private Answer send(String method, String path, BodyPublisher body) {
        int first = preferred;
        String reasons = "";
        @Nullable IOException last = null;
        for (int i = 0; i < urls.size(); i++) {
            int index = (first + i) % urls.size();
            String url = urls.get(index);
            try {
                Answer answer = exchange(method, url, path, body);
                if (answer.status() < 500 && answer.status() != 429) {
                    preferred = index;
                    return usable(answer);
                }
                reasons += "; " + url + " answers " + answer.status() + ": " + answer.message();
            } catch (IOException e) {
                last = e;
                reasons += "; " + url + ": "
                        + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
            }
        }
        throw new RegistryUnavailableException(
                "The schema registry does not answer at " + address()
                        + ": is it running, and is schema.registry.url right?" + " Records wait until it is back ("
                        + reasons.substring(2) + ").",
                last);
    }

    private Answer usable(Answer answer) {
        boolean said = answer.isSuccess() || answer.isNotFound() || answer.status() == 409 || answer.status() == 422;
        if (said) {
            return answer;
        }
        if (answer.status() == 401 || answer.status() == 403) {
            throw new RegistryUnavailableException(
                    "The schema registry at " + answer.url() + " refuses the credentials (" + answer.status()
                            + "): check basic.auth.credentials.source and basic.auth.user.info.",
                    null);
        }
        throw new RegistryUnavailableException(
                "What answers at " + answer.url() + " is no Confluent-compatible schema registry (" + answer.status()
                        + ", " + answer.message()
                        + "): check schema.registry.url, e.g. http://localhost:8081/apis/ccompat/v7.",
                null);
    }

    private Answer exchange(String method, String url, String path, BodyPublisher body) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path))
                .timeout(ANSWER_TIMEOUT)
                .header("Accept", MEDIA_TYPE + ", application/json")
                .header("Content-Type", MEDIA_TYPE)
                .method(method, body);
        authorization.ifPresent(value -> request.header("Authorization", value));
        try {
            HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
            JsonNode json = json(response.body());
            return new Answer(
                    url, response.statusCode(), json.path("error_code").asInt(0), json);
        } catch (InterruptedException e) {
            throw new InterruptException("Interrupted while the schema registry at " + url + " was asked", e);
        }
    }

    /** A proxy in between may answer with a page; the status tells enough then. */
    private static JsonNode json(String body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
