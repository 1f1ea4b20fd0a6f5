package io.freedom.rollback.schemas.secret;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Resolves secret references on this machine: {@code ${env:NAME}}, {@code ${file:/path}} (whole file, trimmed) and
 * {@code ${file:/path#KEY}} (one key of a dotenv file). Topics never hold the values.
 */
public final class SecretReferences {
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{(env|file):([^}#]+)(?:#([^}]+))?}");

    private static final long LARGEST = 1 << 20;

    private final Map<String, String> environment;
    private final String owner;

    /** @param owner whose environment it is, for messages, e.g. "the worker" */
    public SecretReferences(Map<String, String> environment, String owner) {
        this.environment = Map.copyOf(environment);
        this.owner = owner;
    }

    /** Text with every reference replaced by its value. */
    public String resolve(String text) throws UnresolvedSecretException {
        var matcher = REFERENCE.matcher(text);
        var out = new StringBuilder();
        int end = 0;
        while (matcher.find()) {
            out.append(text, end, matcher.start());
            out.append(value(matcher.group(), matcher.group(1), matcher.group(2), matcher.group(3)));
            end = matcher.end();
        }
        return out.append(text.substring(end)).toString();
    }

    private String value(String reference, String kind, String name, @Nullable String key)
            throws UnresolvedSecretException {
        if (kind.equals("env")) {
            var value = environment.get(name);
            if (value == null) {
                throw new UnresolvedSecretException(reference, owner + "'s environment has no " + name);
            }
            return value;
        }
        try {
            var file = Path.of(name);
            // Opening a pipe would wait for ever.
            if (Files.exists(file) && (!Files.isRegularFile(file) || Files.size(file) > LARGEST)) {
                throw new UnresolvedSecretException(reference, "it is no file, or larger than 1 MiB");
            }
            var content = Files.readString(file);
            return key == null ? content.strip() : dotenv(reference, content, key);
        } catch (IOException e) {
            throw new UnresolvedSecretException(reference, "the file cannot be read (" + e + ")");
        }
    }

    private static String dotenv(String reference, String content, String key) throws UnresolvedSecretException {
        for (var line : content.lines().toList()) {
            var entry = line.strip().replaceFirst("^export\\s+", "");
            if (entry.startsWith(key + "=")) {
                var value = entry.substring(key.length() + 1).strip();
                boolean quoted = value.length() > 1
                        && (value.startsWith("\"") && value.endsWith("\"")
                                || value.startsWith("'") && value.endsWith("'"));
                return quoted ? value.substring(1, value.length() - 1) : value;
            }
        }
        throw new UnresolvedSecretException(reference, "the file has no key " + key);
    }
}
