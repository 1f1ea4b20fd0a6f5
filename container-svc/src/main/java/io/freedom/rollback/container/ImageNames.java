package io.freedom.rollback.container;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Names of our own for images, apart from those that compose uses. */
final class ImageNames {
    static final String GUARDS = "rollback-guard/";
    static final String PREPARED = "rollback-prepared/";
    static final String EVIDENCE = "rollback-evidence/";

    /** What stands for the revision of an image built for one rollback only. */
    static final String ONCE = "once";

    private ImageNames() {}

    /** Keeps an image from being pruned while the rollback may return to it. */
    static String guard(String project, String service, String rollbackId) {
        return GUARDS + part(project + "-" + service) + ":" + guardTag(rollbackId);
    }

    /** Where a container is kept for analysis. */
    static String evidence(String container) {
        return EVIDENCE + part(container);
    }

    static String guardTag(String rollbackId) {
        var tag = rollbackId.replaceAll("[^A-Za-z0-9_.-]", "-").replaceFirst("^[.-]+", "");
        return tag.length() > 128 ? tag.substring(0, 128) : tag;
    }

    /** The image of a service built from {@code revision}, with the build arguments of {@code build}. */
    static String prepared(String project, String service, String revision, Map<String, Object> build, String source) {
        var recipe = canonical(build).replace(source, ".");
        return PREPARED + part(project + "-" + service) + ":" + first(guardTag(revision), 12) + "-" + hash(recipe);
    }

    /** The same of a tree that no revision names: for this rollback, and no other. */
    static String preparedOnce(
            String project, String service, String rollbackId, Map<String, Object> build, String source) {
        var recipe = rollbackId + canonical(build).replace(source, ".");
        return PREPARED + part(project + "-" + service) + ":" + ONCE + "-" + hash(recipe);
    }

    /** Repository names allow less than service names; what had to be changed is told apart by a hash. */
    private static String part(String name) {
        var allowed =
                name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        return allowed.equals(name) ? name : allowed + "-" + hash(name);
    }

    private static String canonical(@Nullable Object value) {
        return switch (value) {
            case Map<?, ?> map -> {
                var sorted = new TreeMap<String, String>();
                map.forEach((key, entry) -> sorted.put(String.valueOf(key), canonical(entry)));
                yield sorted.toString();
            }
            case List<?> list ->
                list.stream().map(ImageNames::canonical).toList().toString();
            case null -> "";
            case Object other -> other.toString();
        };
    }

    private static String hash(String text) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String first(String text, int length) {
        return text.length() > length ? text.substring(0, length) : text;
    }
}
