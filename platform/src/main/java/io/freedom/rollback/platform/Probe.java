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
 * @param role what it stands for in the checklist, {@code ui} or {@code gateway}; null where its name says so, or for nothing
 */
public record Probe(
        String name,
        String url,
        String method,
        Map<String, String> headers,
        @Nullable String body,
        int status,
        @Nullable String bodyPattern,
        @Nullable String answerPointer,
        @Nullable String role) {
    public Probe {
        headers = Map.copyOf(headers);
    }
}
