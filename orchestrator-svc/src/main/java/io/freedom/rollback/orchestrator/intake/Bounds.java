package io.freedom.rollback.orchestrator.intake;

import io.freedom.rollback.schemas.incident.Incident;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How much of an incident is remembered. A hundred may wait for one platform, and a thousand answered ones are known by their
 * fingerprints: all of them must fit into the one record that a platform's state is.
 */
final class Bounds {
    private static final int ID = 400;
    private static final int FINGERPRINT = 200;
    private static final int SOURCE = 200;
    private static final int SUMMARY = 500;
    private static final int VALUE = 500;
    /** Bytes of all keys and values together. */
    private static final int EVIDENCE = 4000;

    private static final String LEFT_OUT = "rollback.left-out";

    private Bounds() {}

    /** The incident with as much of its texts; what identifies it is never cut, but stands for itself by its hash. */
    static Incident of(Incident incident) {
        return Incident.newBuilder(incident)
                .setIncidentId(identity(incident.getIncidentId(), ID))
                .setFingerprint(identity(incident.getFingerprint(), FINGERPRINT))
                .setSummary(cut(incident.getSummary(), SUMMARY))
                .setSource(cut(incident.getSource(), SOURCE))
                .setEvidence(evidence(incident.getEvidence()))
                .build();
    }

    private static String identity(String text, int most) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return bytes.length <= most ? text : "sha256:" + HexFormat.of().formatHex(sha256().digest(bytes));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The shortest first: labels that decide are short, annotations may be long. */
    private static Map<String, String> evidence(Map<String, String> all) {
        int size = all.entrySet().stream()
                .mapToInt(entry -> bytes(entry.getKey()) + bytes(entry.getValue()))
                .sum();
        boolean fits = size <= EVIDENCE && all.values().stream().allMatch(value -> value.length() <= VALUE);
        if (fits) {
            return all;
        }
        var shortest = new ArrayList<>(all.entrySet());
        shortest.sort(Comparator.comparingInt(
                entry -> entry.getKey().length() + entry.getValue().length()));
        var kept = new LinkedHashMap<String, String>();
        int left = EVIDENCE;
        for (var entry : shortest) {
            var value = cut(entry.getValue(), VALUE);
            left -= bytes(entry.getKey()) + bytes(value);
            if (left < 0) {
                kept.put(LEFT_OUT, (all.size() - kept.size()) + " labels or annotations, the longest");
                break;
            }
            kept.put(entry.getKey(), value);
        }
        return kept;
    }

    private static String cut(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(most - 2)) ? most - 2 : most - 1;
        return text.substring(0, end) + "…";
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
