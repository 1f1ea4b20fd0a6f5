package io.freedom.rollback.platform;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP expectation.
 *
 * @param headers values may hold secret references
 * @param status expected status code
 * @param bodyPattern regular expression that must be found in the answer
 * @param answerPointer JSON pointer whose value must be a non-empty text
 */
public record Probe(
        String name,
        String url,
        String method,
        Map<String, String> headers,
        @Nullable String body,
        int status,
        @Nullable String bodyPattern,
        @Nullable String answerPointer) {
    public Probe {
        headers = Map.copyOf(headers);
    }
}
