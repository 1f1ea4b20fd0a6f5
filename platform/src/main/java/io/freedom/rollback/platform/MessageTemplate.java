package io.freedom.rollback.platform;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text with placeholders such as {@code {platform}}; what stands in other braces stays as it is. */
public final class MessageTemplate {
    /** What may stand in braces. */
    public static final List<String> PLACEHOLDERS =
            List.of("platform", "rollback", "scenario", "target", "summary", "details", "commands");

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{([a-z]+)}");

    private MessageTemplate() {}

    /** The first placeholder that there is not. */
    static Optional<String> unknown(String template) {
        return PLACEHOLDER
                .matcher(template)
                .results()
                .map(MatchResult::group)
                .filter(found -> !PLACEHOLDERS.contains(found.substring(1, found.length() - 1)))
                .findFirst();
    }

    /** @param values of the placeholders; one that is missing becomes nothing */
    public static String fill(String template, Map<String, String> values) {
        return PLACEHOLDER
                .matcher(template)
                .replaceAll(found -> Matcher.quoteReplacement(values.getOrDefault(found.group(1), "")));
    }
}
