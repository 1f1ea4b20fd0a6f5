package io.freedom.rollback.orchestrator.intake;

import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Alertmanager's webhook body (version 4) as it is, and CloudEvents 1.0 in JSON.
 *
 * <p>Alertmanager: each alert needs the labels {@code platform} and {@code incident_class} (for example
 * {@code deployment-failure}); fingerprint and startsAt identify the incident. CloudEvents: {@code data} holds
 * {@code platform}, {@code class}, {@code summary}, and optionally {@code beganAt} and {@code fingerprint}.
 */
final class JsonReports {
    /** What a report in JSON says: incidents, and what of it could not be understood. */
    record Reading(List<Incident> incidents, List<String> refused) {}

    private static final JsonMapper JSON = JsonMapper.builder().build();
    static final Pattern PLATFORM = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

    private JsonReports() {}

    static Reading read(byte[] json) throws Unintelligible {
        JsonNode root;
        try {
            root = JSON.readTree(json);
        } catch (JacksonException e) {
            throw new Unintelligible(
                    "the value is neither Avro in Confluent wire format nor JSON: " + e.getOriginalMessage());
        }
        if (root.has("specversion")) {
            return new Reading(List.of(Bounds.of(cloudEvent(root))), List.of());
        }
        if (root.path("alerts").isArray()) {
            return alertmanager(root);
        }
        throw new Unintelligible(
                "JSON of an unknown kind: send Alertmanager's webhook body (version 4, with \"alerts\") or"
                        + " a CloudEvent (with \"specversion\")");
    }

    private static Reading alertmanager(JsonNode root) throws Unintelligible {
        var version = root.path("version").asString("");
        if (!version.equals("4")) {
            throw new Unintelligible("Alertmanager's webhook version is \"" + version + "\"; version 4 is understood");
        }
        var incidents = new ArrayList<Incident>();
        var refused = new ArrayList<String>();
        int index = 0;
        for (var alert : root.path("alerts")) {
            try {
                incidents.add(Bounds.of(alert(alert)));
            } catch (Unintelligible e) {
                refused.add("alerts[" + index + "]: " + e.text());
            }
            index++;
        }
        return new Reading(incidents, refused);
    }

    private static Incident alert(JsonNode alert) throws Unintelligible {
        var labels = alert.path("labels");
        var annotations = alert.path("annotations");
        var began = instant(text(alert, "startsAt"), "startsAt");
        var fingerprint = text(alert, "fingerprint");
        var status = text(alert, "status").equals("resolved") ? IncidentStatus.RESOLVED : IncidentStatus.FIRING;
        var evidence = new LinkedHashMap<String, String>();
        evidence.putAll(strings(annotations));
        evidence.putAll(strings(labels)); // what decides stands in labels
        return Incident.newBuilder()
                .setIncidentId("alertmanager-" + fingerprint + "-" + began.toEpochMilli() + "-"
                        + status.name().toLowerCase(Locale.ROOT))
                .setPlatform(platform(text(labels, "platform")))
                .setIncidentClass(incidentClass(text(labels, "incident_class")))
                .setStatus(status)
                .setFingerprint(fingerprint)
                .setBeganAt(began)
                .setSummary(annotations
                        .path("summary")
                        .asString(labels.path("alertname").asString("alert")))
                .setEvidence(evidence)
                .setSource("alertmanager")
                .build();
    }

    private static Incident cloudEvent(JsonNode event) throws Unintelligible {
        var data = event.path("data");
        var id = text(event, "id");
        var began = data.has("beganAt") ? text(data, "beganAt") : text(event, "time");
        return Incident.newBuilder()
                .setIncidentId(id)
                .setPlatform(platform(text(data, "platform")))
                .setIncidentClass(incidentClass(text(data, "class")))
                .setStatus(
                        data.path("status").asString("firing").equals("resolved")
                                ? IncidentStatus.RESOLVED
                                : IncidentStatus.FIRING)
                .setFingerprint(data.path("fingerprint").asString(id))
                .setBeganAt(instant(began, "beganAt"))
                .setSummary(data.path("summary").asString(text(event, "type")))
                .setEvidence(strings(data.path("evidence")))
                .setSource(text(event, "source"))
                .build();
    }

    static String platform(String name) throws Unintelligible {
        if (!PLATFORM.matcher(name).matches()) {
            throw new Unintelligible(
                    "\"" + name + "\" is no name of a platform ([a-z0-9][a-z0-9-]*, at most 63 characters)");
        }
        return name;
    }

    private static IncidentClass incidentClass(String name) throws Unintelligible {
        var wanted = name.strip().toUpperCase(Locale.ROOT).replace('-', '_').replace(' ', '_');
        return Arrays.stream(IncidentClass.values())
                .filter(known -> known.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new Unintelligible("incident class \"" + name + "\" is unknown: choose one of "
                        + Arrays.toString(IncidentClass.values())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '-')));
    }

    private static Instant instant(String text, String field) throws Unintelligible {
        try {
            var instant = OffsetDateTime.parse(text).toInstant();
            var unused = instant.toEpochMilli(); // years beyond this range parse, but fit no topic
            return instant;
        } catch (DateTimeException | ArithmeticException e) {
            throw new Unintelligible(field + " \"" + text + "\" is no RFC 3339 time, e.g. 2026-03-01T02:58:00Z");
        }
    }

    private static String text(JsonNode node, String field) throws Unintelligible {
        var value = node.path(field).asString("");
        if (value.isBlank()) {
            throw new Unintelligible("\"" + field + "\" is missing or empty");
        }
        return value;
    }

    private static Map<String, String> strings(JsonNode node) {
        var found = new LinkedHashMap<String, String>();
        node.properties()
                .forEach(entry -> found.put(entry.getKey(), entry.getValue().asString("")));
        return found;
    }
}
