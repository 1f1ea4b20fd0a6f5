package io.freedom.rollback.platform;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** "Did you mean": the known word nearest to a wrong one. */
final class Suggestion {
    private Suggestion() {}

    static Optional<String> nearest(String wrong, Collection<String> known) {
        int tolerated = Math.max(2, wrong.length() / 3);
        return known.stream()
                .filter(word -> distance(wrong, word) <= tolerated)
                .min(Comparator.comparingInt(word -> distance(wrong, word)));
    }

    /** Levenshtein distance, blind to case and separators, so that env_file is near envFile. */
    private static int distance(String left, String right) {
        var a = plain(left);
        var b = plain(right);
        var row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }

    private static String plain(String word) {
        return word.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "");
    }
}
