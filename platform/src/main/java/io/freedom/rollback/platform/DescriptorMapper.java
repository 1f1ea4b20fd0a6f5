package io.freedom.rollback.platform;

import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** From a valid document to the records, with the defaults filled in. */
final class DescriptorMapper {
    private static final List<String> INCIDENT_CLASSES =
            List.of("SERVICE_DEGRADATION", "DATA_CORRUPTION", "SECURITY_BREACH", "DEPLOYMENT_FAILURE");
    private static final List<String> COMPOSE_FILES = List.of("docker-compose.yml");
    private static final List<String> ERROR_LINES = List.of("(?i)\\b(error|exception|traceback)\\b");

    /** The runbook's short-term and long-term actions. */
    private static final List<FollowUpSpec> FOLLOW_UPS = List.of(
            followUp("Analyse the cause of the failure that triggered the rollback", 24),
            followUp("Review the logs kept with the restore point", 24),
            followUp("Plan the fix", 24),
            followUp("Schedule the controlled re-deployment", 24),
            followUp("Conduct the post-incident review", 7 * 24),
            followUp("Update the deployment procedures", 7 * 24),
            followUp("Enhance monitoring to detect it earlier", 7 * 24),
            followUp("Document the lessons learned", 7 * 24));

    private DescriptorMapper() {}

    private static FollowUpSpec followUp(String what, int hours) {
        return new FollowUpSpec(what, "operations", Duration.ofHours(hours));
    }

    static PlatformDescriptor map(JsonNode root) {
        var name = root.path("name").stringValue();
        var compose = compose(root.path("compose"), name);
        var probes = root.path("probes");
        return new PlatformDescriptor(
                name,
                text(root, "site", "default"),
                root.path("workTree").stringValue(),
                root.path("target").stringValue(),
                texts(root, "criticalPaths", compose.files()),
                duration(text(root, "rto", "30m")),
                duration(text(root, "rpo", "15m")),
                objectives(root.path("objectives")),
                compose,
                root.path("services")
                        .valueStream()
                        .map(DescriptorMapper::service)
                        .toList(),
                database(root.path("database")),
                texts(root, "configuration", List.of()),
                texts(root, "models", List.of()),
                root.path("containerData")
                        .valueStream()
                        .map(data -> new ContainerData(
                                data.path("service").stringValue(),
                                data.path("path").stringValue()))
                        .toList(),
                new Probes(
                        probes.path("http")
                                .valueStream()
                                .map(DescriptorMapper::probe)
                                .toList(),
                        optionalProbe(probes.path("model")),
                        optionalProbe(probes.path("endToEnd"))),
                new Logs(
                        texts(root.path("logs"), "errors", ERROR_LINES), texts(root.path("logs"), "ignore", List.of())),
                backups(root.path("backups")),
                incidents(root.path("incidents"), root.path("services")),
                approvals(root.path("approvals").path("dataLoss"), false),
                approvals(root.path("approvals").path("reset"), false),
                root.path("approvals")
                        .path("changes")
                        .valueStream()
                        .map(DescriptorMapper::change)
                        .toList(),
                migration(root.path("migration")),
                automatic(root.path("automatic")),
                root.path("notifications")
                        .valueStream()
                        .map(DescriptorMapper::channel)
                        .toList(),
                watch(root.path("watch")),
                followUps(root.path("followUps")));
    }

    private static final String NEVER = "never";

    private static Backups backups(JsonNode node) {
        var every = node.path("every").isString() ? duration(node.path("every").stringValue()) : null;
        var prove = text(node, "prove", "24h");
        var keep = node.path("keep");
        var standard = Retention.DEFAULT;
        var retention = keep.isObject()
                ? new Retention(
                        keep.path("last").asInt(standard.last()),
                        keep.path("daily").asInt(standard.daily()),
                        keep.path("weekly").asInt(standard.weekly()),
                        keep.path("monthly").asInt(standard.monthly()))
                : every == null ? null : standard;
        return new Backups(
                node.path("directory").stringValue(),
                size(text(node, "reserve", "512MiB")),
                duration(text(node, "hold", "720h")),
                every,
                prove.equals(NEVER) ? null : duration(prove),
                retention,
                wal(node.path("wal")),
                store(node.path("store").path("s3")),
                keptLogs(node.path("logs")),
                recordedConfiguration(node.path("configuration")));
    }

    private static @Nullable ObjectStoreSpec store(JsonNode node) {
        if (!node.isObject()) {
            return null;
        }
        var endpoint = text(node, "endpoint");
        return new ObjectStoreSpec(
                endpoint,
                text(node, "region", "us-east-1"),
                node.path("bucket").stringValue(),
                text(node, "prefix", ""),
                node.path("accessKey").stringValue(),
                node.path("secretKey").stringValue(),
                // Servers of one's own seldom have a name for each bucket.
                node.path("pathStyle").asBoolean(endpoint != null));
    }

    private static @Nullable LogPolicy keptLogs(JsonNode node) {
        return node.isObject()
                ? new LogPolicy(
                        duration(text(node, "every", "1h")),
                        duration(text(node, "keep", "168h")),
                        size(text(node, "bound", "1GiB")))
                : null;
    }

    private static @Nullable ConfigurationPolicy recordedConfiguration(JsonNode node) {
        return node.isObject()
                ? new ConfigurationPolicy(
                        duration(text(node, "every", "1m")),
                        node.path("secrets").asBoolean(false))
                : null;
    }

    private static @Nullable WalPolicy wal(JsonNode node) {
        return node.isObject()
                ? new WalPolicy(
                        duration(text(node, "base", "24h")),
                        duration(text(node, "keep", "168h")),
                        size(text(node, "bound", "4GiB")),
                        node.path("summarize").asBoolean(false))
                : null;
    }

    private static StabilityPolicy watch(JsonNode node) {
        return new StabilityPolicy(
                node.path("enabled").asBoolean(true),
                duration(text(node, "for", "30m")),
                duration(text(node, "every", "1m")),
                node.path("looks").asInt(2),
                node.path("errors").asInt(5));
    }

    private static List<FollowUpSpec> followUps(JsonNode node) {
        return node.isArray()
                ? node.valueStream()
                        .map(item -> new FollowUpSpec(
                                item.path("what").stringValue(),
                                text(item, "owner", "operations"),
                                duration(text(item, "within", "24h"))))
                        .toList()
                : FOLLOW_UPS;
    }

    private static NotificationChannel channel(JsonNode node) {
        var mail = node.path("mail");
        return new NotificationChannel(
                node.path("name").stringValue(),
                texts(node, "about", List.of("attention", "outcome")).stream()
                        .map(about -> NotificationChannel.Topic.valueOf(about.toUpperCase(Locale.ROOT)))
                        .collect(Collectors.toUnmodifiableSet()),
                mail.isObject()
                        ? mail(mail)
                        : new NotificationChannel.Webhook(node.path("webhook").stringValue()),
                text(node, "title"),
                text(node, "text"));
    }

    private static NotificationChannel.Mail mail(JsonNode node) {
        var server = node.path("server").stringValue();
        int colon = server.lastIndexOf(':');
        return new NotificationChannel.Mail(
                server.substring(0, colon),
                Integer.parseInt(server.substring(colon + 1)),
                NotificationChannel.Security.valueOf(
                        text(node, "security", "starttls").toUpperCase(Locale.ROOT)),
                text(node, "user"),
                text(node, "password"),
                node.path("from").stringValue(),
                texts(node, "to", List.of()));
    }

    private static AutomaticPolicy automatic(JsonNode node) {
        return new AutomaticPolicy(
                node.path("perAlert").asInt(2),
                node.path("perPlatform").asInt(4),
                duration(text(node, "within", "1h")),
                duration(text(node, "maxAge", "1h")));
    }

    private static @Nullable Migration migration(JsonNode node) {
        return node.isObject()
                ? new Migration(texts(node, "export", List.of()), texts(node, "import", List.of()))
                : null;
    }

    private static ChangeApproval change(JsonNode node) {
        var from = text(node, "from");
        var until = text(node, "until");
        return new ChangeApproval(
                texts(node, "scenarios", List.of()),
                texts(node, "classes", List.of()),
                from == null ? null : LocalTime.parse(from),
                until == null ? null : LocalTime.parse(until),
                ZoneId.of(text(node, "zone", "UTC")),
                approvals(node, true));
    }

    /** @param starterCounts where the descriptor does not say it */
    private static ApprovalPolicy approvals(JsonNode node, boolean starterCounts) {
        return new ApprovalPolicy(
                node.path("operators").asInt(1),
                duration(text(node, "within", "15m")),
                text(node, "unanswered", "reject").equals("approve"),
                node.path("starterCounts").asBoolean(starterCounts));
    }

    private static Compose compose(JsonNode node, String platform) {
        return new Compose(
                text(node, "project", platform),
                texts(node, "files", COMPOSE_FILES),
                text(node, "envFile"),
                texts(node, "requiredEnvKeys", List.of()),
                null);
    }

    private static Map<String, Duration> objectives(JsonNode node) {
        var objectives = new LinkedHashMap<String, Duration>();
        for (var objective : node.properties()) {
            if (objective.getValue().isString()) {
                objectives.put(objective.getKey(), duration(objective.getValue().stringValue()));
            }
        }
        return objectives;
    }

    private static ServiceSpec service(JsonNode node) {
        var memory = text(node, "memory");
        return new ServiceSpec(
                node.path("name").stringValue(),
                texts(node, "paths", List.of()),
                node.path("data").asBoolean(false),
                text(node, "loaded"),
                memory == null ? null : size(memory),
                node.path("cpu").isInt() ? node.path("cpu").intValue() : null);
    }

    private static @Nullable DatabaseSpec database(JsonNode node) {
        return node.isObject()
                ? new DatabaseSpec(
                        node.path("service").stringValue(),
                        node.path("name").stringValue(),
                        node.path("user").stringValue(),
                        node.path("jdbcUrl").stringValue(),
                        text(node, "password"),
                        texts(node, "except", List.of()))
                : null;
    }

    private static @Nullable Probe optionalProbe(JsonNode node) {
        return node.isObject() ? probe(node) : null;
    }

    private static Probe probe(JsonNode node) {
        var headers = new LinkedHashMap<String, String>();
        node.path("headers")
                .properties()
                .forEach(h -> headers.put(h.getKey(), h.getValue().stringValue()));
        return new Probe(
                node.path("name").stringValue(),
                node.path("url").stringValue(),
                text(node, "method", "GET"),
                headers,
                text(node, "body"),
                node.path("status").asInt(200),
                text(node, "bodyPattern"),
                text(node, "answerPointer"),
                text(node, "role"));
    }

    private static Map<String, String> incidents(JsonNode node, JsonNode services) {
        var scenarios = new LinkedHashMap<String, String>();
        INCIDENT_CLASSES.forEach(c -> scenarios.put(c, text(node, c, "full-rollback")));
        boolean owned = services.valueStream()
                .anyMatch(service -> !service.path("paths").isEmpty());
        if (owned) {
            // What these are about is part of the platform, and which part can be told.
            for (var partial : List.of("SERVICE_DEGRADATION", "DEPLOYMENT_FAILURE")) {
                scenarios.put(partial, text(node, partial, "selective-rollback"));
            }
        }
        return scenarios;
    }

    private static @Nullable String text(JsonNode parent, String key) {
        var node = parent.path(key);
        return node.isString() ? node.stringValue() : null;
    }

    private static String text(JsonNode parent, String key, String otherwise) {
        var node = parent.path(key);
        return node.isString() ? node.stringValue() : otherwise;
    }

    private static List<String> texts(JsonNode parent, String key, List<String> otherwise) {
        var node = parent.path(key);
        return node.isArray() ? node.valueStream().map(JsonNode::stringValue).toList() : otherwise;
    }

    private static Duration duration(String text) {
        return Quantities.duration(text).orElseThrow();
    }

    private static long size(String text) {
        return Quantities.size(text).orElseThrow();
    }
}
