package io.freedom.rollback.health;

import io.freedom.rollback.worker.Secrets;
import io.freedom.rollback.worker.StepFailure;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.core.io.JsonStringEncoder;

/** Resolves secret references and remembers the values, so that no answer that echoes one gets into a message. */
final class SecretText {
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{(?:env|file):[^}]+}");

    private final Secrets secrets;
    // The longest first: a value may be part of another one.
    private final TreeSet<String> values =
            new TreeSet<>(Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()));

    SecretText(Secrets secrets) {
        this.secrets = secrets;
    }

    String resolve(String text) throws StepFailure {
        var references = REFERENCE.matcher(text);
        while (references.find()) {
            var value = secrets.resolve(references.group());
            if (!value.isBlank() && !value.equals(references.group())) {
                values.add(value);
                values.add(URLEncoder.encode(value, StandardCharsets.UTF_8));
                values.add(new String(JsonStringEncoder.getInstance().quoteAsCharArray(value)));
            }
        }
        return secrets.resolve(text);
    }

    String redact(String text) {
        var redacted = text;
        for (var value : values) {
            redacted = redacted.replace(value, "***");
        }
        return redacted;
    }
}
