package io.freedom.rollback.orchestrator.intake;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A report as records of the incident topic, a platform each: what is said of one platform stays in order, and a report of many
 * does not travel with the incidents of each.
 */
public final class PlatformReports {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private PlatformReports() {}

    /** @param platform key of the record; null where the value names none, and is to be a dead letter */
    public record PlatformReport(@Nullable String platform, byte[] value) {}

    /** The body as it is where it is about one platform, or cannot be understood. */
    public static List<PlatformReport> of(byte[] body) {
        JsonNode root;
        try {
            root = JSON.readTree(body);
        } catch (JacksonException e) {
            return List.of(new PlatformReport(null, body));
        }
        if (!(root instanceof ObjectNode report) || !(root.path("alerts") instanceof ArrayNode alerts)) {
            return List.of(new PlatformReport(name(root.path("data").path("platform")), body));
        }
        var platforms = new LinkedHashMap<@Nullable String, ArrayNode>();
        for (var alert : alerts) {
            platforms
                    .computeIfAbsent(name(alert.path("labels").path("platform")), _ -> JSON.createArrayNode())
                    .add(alert);
        }
        if (platforms.size() <= 1) {
            return List.of(new PlatformReport(
                    platforms.isEmpty() ? null : platforms.keySet().iterator().next(), body));
        }
        var reports = new ArrayList<PlatformReport>();
        platforms.forEach((platform, own) -> {
            report.set("alerts", own);
            reports.add(new PlatformReport(platform, JSON.writeValueAsBytes(report)));
        });
        return reports;
    }

    private static @Nullable String name(JsonNode node) {
        var name = node.asString("");
        return JsonReports.PLATFORM.matcher(name).matches() ? name : null;
    }
}
