package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** An alert as some other system wrote it. */
final class AlertFile {
    private static final List<String> PLACES =
            List.of("/commonLabels/platform", "/alerts/0/labels/platform", "/data/platform");

    private final byte[] bytes;
    private final @Nullable String platform;

    private AlertFile(byte[] bytes, @Nullable String platform) {
        this.bytes = bytes;
        this.platform = platform;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Whom the alert is about, where it says so in a known place. */
    @Nullable
    String platform() {
        return platform;
    }

    static AlertFile read(Path file) {
        try {
            var bytes = Files.readAllBytes(file);
            var json = JsonMapper.shared().readTree(bytes);
            if (!json.isObject()) {
                throw Failure.usage(file + " is no alert: it must be a JSON object");
            }
            return new AlertFile(bytes, platform(json));
        } catch (IOException e) {
            throw Failure.usage(file + " cannot be read: " + (Files.exists(file) ? e.getMessage() : "no such file"));
        } catch (JacksonException e) {
            throw Failure.usage(file + " is not JSON: " + e.getOriginalMessage());
        }
    }

    private static @Nullable String platform(JsonNode json) {
        return PLACES.stream()
                .map(json::at)
                .filter(JsonNode::isString)
                .map(JsonNode::stringValue)
                .findFirst()
                .orElse(null);
    }
}
