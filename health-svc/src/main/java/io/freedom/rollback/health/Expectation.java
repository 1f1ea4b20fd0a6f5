package io.freedom.rollback.health;

import io.freedom.rollback.schemas.action.HttpProbe;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Expression;
import io.freedom.rollback.worker.Secrets;
import io.freedom.rollback.worker.StepFailure;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.json.JsonMapper;

/** One HTTP probe made ready: secrets resolved, expressions compiled; judges the answers it gets. */
final class Expectation {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int SAMPLE = 200;

    private final HttpProbe probe;
    private final SecretText secrets;
    private final HttpRequest request;
    private final @Nullable Expression bodyPattern;
    private final @Nullable JsonPointer answer;

    private Expectation(HttpProbe probe, SecretText secrets) throws StepFailure {
        this.probe = probe;
        this.secrets = secrets;
        request = request(probe, secrets);
        bodyPattern = probe.getBodyPattern() == null
                ? null
                : Expression.compile("body pattern of probe " + probe.getName(), probe.getBodyPattern());
        answer = probe.getAnswerPointer() == null ? null : pointer(probe, probe.getAnswerPointer());
    }

    static Expectation of(HttpProbe probe, Secrets secrets) throws StepFailure {
        return new Expectation(probe, new SecretText(secrets));
    }

    HttpRequest request() {
        return request;
    }

    String name() {
        return probe.getName();
    }

    /** A platform that was just started gets time; one that is only looked at does not. */
    boolean isPatient() {
        return probe.getPatient();
    }

    /** What is wrong with an answer; empty if it is as expected. */
    Optional<String> objection(int status, byte[] body) {
        var text = new String(body, StandardCharsets.UTF_8);
        if (status != probe.getStatus()) {
            return Optional.of(subject() + " → " + status + ", expected " + probe.getStatus() + ": " + sample(body));
        }
        try {
            if (bodyPattern != null && !bodyPattern.foundIn(text)) {
                return Optional.of(subject() + " → " + status + ", but nothing in the answer matches `" + bodyPattern
                        + "`: " + sample(body));
            }
        } catch (StepFailure e) {
            return Optional.of(subject() + " → " + status + ", but " + e.text());
        }
        return answer == null ? Optional.empty() : objection(answer, status, body);
    }

    private Optional<String> objection(JsonPointer pointer, int status, byte[] body) {
        try {
            var value = JSON.readTree(body).at(pointer);
            return value.isString() && !value.stringValue().isBlank()
                    ? Optional.empty()
                    : Optional.of(subject() + " → " + status + ", but the answer has no text at " + pointer + ": "
                            + sample(body));
        } catch (JacksonException e) {
            return Optional.of(subject() + " → " + status + ", but the answer is not JSON: " + sample(body));
        }
    }

    /** Text for a message about an answer that did not come. */
    String failure(String what) {
        return subject() + " " + secrets.redact(what);
    }

    /** The beginning of an answer on one line, without secrets. */
    String sample(byte[] body) {
        var line = secrets.redact(new String(body, StandardCharsets.UTF_8))
                .replaceAll("[\\p{Cntrl}\\s]+", " ")
                .strip();
        return line.isEmpty() ? "(empty answer)" : line.substring(0, Math.min(SAMPLE, line.length()));
    }

    private String subject() {
        return probe.getName() + ": " + probe.getMethod() + " " + probe.getUrl();
    }

    private static HttpRequest request(HttpProbe probe, SecretText secrets) throws StepFailure {
        try {
            var builder = HttpRequest.newBuilder(URI.create(secrets.resolve(probe.getUrl())));
            for (var header : probe.getHeaders().entrySet()) {
                builder.header(header.getKey(), secrets.resolve(header.getValue()));
            }
            var body = probe.getBody() == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(secrets.resolve(probe.getBody()));
            return builder.method(probe.getMethod(), body).build();
        } catch (IllegalArgumentException e) {
            // No cause: it may quote a resolved value.
            throw invalid(probe, secrets.redact(String.valueOf(e.getMessage())));
        }
    }

    private static JsonPointer pointer(HttpProbe probe, String expression) throws StepFailure {
        try {
            return JsonPointer.compile(expression);
        } catch (IllegalArgumentException e) {
            throw invalid(probe, "`" + expression + "` is not a JSON pointer, e.g. /choices/0/message/content");
        }
    }

    private static StepFailure invalid(HttpProbe probe, String why) {
        return new StepFailure(
                FailureKind.INVALID,
                "probe " + probe.getName() + " (" + probe.getMethod() + " " + probe.getUrl() + ") cannot be sent: "
                        + why + ". Correct it in the platform descriptor");
    }
}
