package io.freedom.rollback.platform;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What a JSON Schema cannot say, or not in words that help. Values of the wrong type are left to the schema. */
final class Rules {
    private interface Rule {
        @Nullable
        String problem(String value);
    }

    private final YamlDocument document;
    private final List<Problem> problems = new ArrayList<>();
    private final Map<String, String> probeNames = new HashMap<>();

    private Rules(YamlDocument document) {
        this.document = document;
    }

    static List<Problem> check(YamlDocument document) {
        var rules = new Rules(document);
        rules.platform(document.root());
        return rules.problems;
    }

    private void platform(JsonNode root) {
        text(root, "", "name", TextRules::name);
        text(root, "", "site", TextRules::name);
        text(root, "", "workTree", TextRules::absolute);
        text(root, "", "target", TextRules::tag);
        texts(root, "", "criticalPaths", TextRules::relative);
        text(root, "", "rto", TextRules::duration);
        text(root, "", "rpo", TextRules::duration);
        items(root.path("approvals").path("changes"), "approvals.changes", (rule, path) -> {
            text(rule, path, "within", TextRules::duration);
            text(rule, path, "zone", TextRules::zone);
            if (rule.path("from").isString() != rule.path("until").isString()) {
                add(path, "needs both `from` and `until`, or neither");
            }
        });
        texts(root, "", "configuration", TextRules::relative);
        texts(root, "", "models", TextRules::relative);
        compose(root.path("compose"));
        services(root.path("services"));
        database(root.path("database"));
        items(root.path("containerData"), "containerData", (data, path) -> {
            text(data, path, "service", TextRules::service);
            text(data, path, "path", TextRules::absolute);
        });
        text(root.path("automatic"), "automatic", "within", TextRules::duration);
        text(root.path("automatic"), "automatic", "maxAge", TextRules::duration);
        for (var approval : List.of("dataLoss", "reset")) {
            text(root.path("approvals").path(approval), "approvals." + approval, "within", TextRules::duration);
        }
        for (var incident : root.path("incidents").properties()) {
            text(root.path("incidents"), "incidents", incident.getKey(), TextRules::startedByIncidents);
        }
        probes(root.path("probes"));
        notifications(root.path("notifications"));
        text(root.path("watch"), "watch", "for", TextRules::duration);
        text(root.path("watch"), "watch", "every", TextRules::duration);
        items(root.path("followUps"), "followUps", (item, path) -> text(item, path, "within", TextRules::duration));
        texts(root.path("logs"), "logs", "errors", TextRules::regex);
        texts(root.path("logs"), "logs", "ignore", TextRules::regex);
        text(root.path("backups"), "backups", "directory", TextRules::absolute);
        text(root.path("backups"), "backups", "reserve", TextRules::size);
        text(root.path("backups"), "backups", "hold", TextRules::duration);
        text(root.path("backups"), "backups", "every", TextRules::schedule);
        text(root.path("backups"), "backups", "prove", TextRules::scheduleOrNever);
        var wal = root.path("backups").path("wal");
        text(wal, "backups.wal", "base", TextRules::schedule);
        text(wal, "backups.wal", "keep", TextRules::schedule);
        text(wal, "backups.wal", "bound", TextRules::size);
        if (wal.isObject() && !root.path("database").isObject()) {
            add("backups.wal", "needs database, whose server writes the WAL");
        }
        var s3 = root.path("backups").path("store").path("s3");
        text(s3, "backups.store.s3", "endpoint", TextRules::storeEndpoint);
        text(s3, "backups.store.s3", "bucket", TextRules::bucket);
        text(s3, "backups.store.s3", "prefix", TextRules::keyPrefix);
        text(s3, "backups.store.s3", "accessKey", TextRules::secret);
        text(s3, "backups.store.s3", "secretKey", TextRules::secret);
        logs(root.path("backups").path("logs"));
        var recorded = root.path("backups").path("configuration");
        text(recorded, "backups.configuration", "every", TextRules::look);
        if (recorded.isObject() && root.path("configuration").isEmpty()) {
            add("backups.configuration", "needs configuration, the files and folders to record");
        }
    }

    private void logs(JsonNode logs) {
        text(logs, "backups.logs", "every", TextRules::minutes);
        text(logs, "backups.logs", "keep", TextRules::duration);
        text(logs, "backups.logs", "bound", TextRules::logBound);
        var every = logs.path("every").isString()
                ? Quantities.duration(logs.path("every").stringValue())
                : Quantities.duration("1h");
        var keep = logs.path("keep").isString()
                ? Quantities.duration(logs.path("keep").stringValue())
                : Quantities.duration("168h");
        if (logs.isObject()
                && every.isPresent()
                && keep.isPresent()
                && keep.get().compareTo(every.get()) < 0) {
            add("backups.logs.keep", "must be at least as long as backups.logs.every: what is kept would go at once");
        }
    }

    private void compose(JsonNode compose) {
        text(compose, "compose", "project", TextRules::composeProject);
        texts(compose, "compose", "files", TextRules::relative);
        text(compose, "compose", "envFile", TextRules::relative);
        texts(compose, "compose", "requiredEnvKeys", TextRules::envKeys);
        if (compose.path("files").isArray() && compose.path("files").isEmpty()) {
            add("compose.files", "must name at least one file; leave the key out for docker-compose.yml");
        }
        if (!compose.path("requiredEnvKeys").isEmpty()
                && !compose.path("envFile").isString()) {
            add("compose.requiredEnvKeys", "needs compose.envFile, the file that holds the keys");
        }
    }

    private void services(JsonNode services) {
        var names = new HashMap<String, String>();
        items(services, "services", (service, path) -> {
            text(service, path, "name", TextRules::service);
            text(service, path, "name", name -> {
                var other = names.putIfAbsent(name, path);
                return other == null
                        ? null
                        : "'" + name + "' is also the name of " + other + ": name each service once";
            });
            texts(service, path, "paths", TextRules::relative);
            text(service, path, "loaded", TextRules::regex);
            text(service, path, "memory", TextRules::size);
        });
    }

    private void database(JsonNode database) {
        text(database, "database", "service", TextRules::service);
        text(database, "database", "name", TextRules::identifier);
        text(database, "database", "user", TextRules::identifier);
        text(database, "database", "jdbcUrl", TextRules::jdbcUrl);
        text(database, "database", "password", TextRules::secret);
        texts(
                database,
                "database",
                "except",
                name -> name.equals(database.path("name").stringValue(""))
                        ? "names database.name itself, which is dumped and restored always: remove it here"
                        : null);
    }

    private void probes(JsonNode probes) {
        items(probes.path("http"), "probes.http", this::probe);
        probe(probes.path("model"), "probes.model");
        probe(probes.path("endToEnd"), "probes.endToEnd");
    }

    private void notifications(JsonNode channels) {
        var names = new HashMap<String, String>();
        items(channels, "notifications", (channel, path) -> {
            text(channel, path, "name", TextRules::name);
            text(channel, path, "name", name -> {
                var other = names.putIfAbsent(name, path);
                return other == null ? null : "'" + name + "' is also the name of " + other + ": names must differ";
            });
            text(channel, path, "webhook", TextRules::webhook);
            text(channel, path, "title", TextRules::template);
            text(channel, path, "text", TextRules::template);
            var mail = channel.path("mail");
            if (mail.isObject() == channel.path("webhook").isString()) {
                add(path, "needs either `webhook` or `mail`");
            }
            var mailPath = YamlDocument.join(path, "mail");
            text(mail, mailPath, "server", TextRules::server);
            text(mail, mailPath, "from", TextRules::mailAddress);
            texts(mail, mailPath, "to", TextRules::mailAddress);
            text(mail, mailPath, "password", TextRules::secret);
            if (mail.path("user").isString() != mail.path("password").isString()) {
                add(mailPath, "needs both `user` and `password`, or neither");
            }
        });
    }

    private void probe(JsonNode probe, String path) {
        text(probe, path, "name", name -> {
            var other = probeNames.putIfAbsent(name, path);
            return other == null ? null : "'" + name + "' is also the name of " + other + ": names must differ";
        });
        text(probe, path, "url", TextRules::url);
        text(probe, path, "bodyPattern", TextRules::regex);
        text(probe, path, "answerPointer", TextRules::pointer);
        var headers = YamlDocument.join(path, "headers");
        for (var header : probe.path("headers").properties()) {
            text(probe.path("headers"), headers, header.getKey(), value -> TextRules.header(header.getKey(), value));
            text(probe.path("headers"), headers, header.getKey(), value -> TextRules.headerName(header.getKey()));
        }
        var method = probe.path("method").asString("GET");
        if (probe.path("body").isString() && (method.equals("GET") || method.equals("HEAD"))) {
            add(YamlDocument.join(path, "body"), "cannot be sent with " + method + ": add `method: POST`");
        }
    }

    private interface ItemCheck {
        void check(JsonNode item, String path);
    }

    private static void items(JsonNode list, String path, ItemCheck check) {
        for (int i = 0; i < list.size(); i++) {
            if (list.isArray()) {
                check.check(list.get(i), path + "[" + i + "]");
            }
        }
    }

    private void text(JsonNode parent, String parentPath, String key, Rule rule) {
        value(parent.path(key), YamlDocument.join(parentPath, key), rule);
    }

    private void texts(JsonNode parent, String parentPath, String key, Rule rule) {
        items(parent.path(key), YamlDocument.join(parentPath, key), (item, path) -> value(item, path, rule));
    }

    private void value(JsonNode node, String path, Rule rule) {
        if (node.isString()) {
            var problem = rule.problem(node.stringValue());
            if (problem != null) {
                add(path, problem);
            }
        }
    }

    private void add(String path, String message) {
        problems.add(document.problem(path, message));
    }
}
