package io.freedom.rollback.backup;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What is installed in the image of a database server.
 *
 * @param version e.g. "15.18"; empty when it has none
 * @param library version of the C library, which sorts text; empty when it cannot be known
 * @param extensions that can be installed; empty when they cannot be found
 */
record ServerImage(Optional<String> version, Optional<String> library, Set<String> extensions) {
    /** Asks what {@link #of} reads; needs no more than a shell, and finds the places of Debian, Alpine and the official images. */
    static final String QUESTION = """
            for p in postgres /usr/lib/postgresql/*/bin/postgres /usr/local/bin/postgres /usr/pgsql-*/bin/postgres; do
              if v=$("$p" --version 2>/dev/null); then echo "$v"; break; fi
            done
            echo "library $(getconf GNU_LIBC_VERSION 2>/dev/null || ls /lib/ld-musl-* 2>/dev/null)"
            for d in /usr/share/postgresql/*/extension /usr/local/share/postgresql/extension \
              /usr/share/postgresql/extension /usr/pgsql-*/share/extension; do
              ls "$d" 2>/dev/null
            done
            true
            """;

    private static final Pattern VERSION = Pattern.compile("(?m)^postgres \\(PostgreSQL\\) (\\d+(?:\\.\\d+)?)");
    private static final Pattern LIBRARY = Pattern.compile("(?m)^library (\\S.*)$");
    private static final Pattern EXTENSION = Pattern.compile("(?m)^(.+)\\.control$");

    static ServerImage of(String answer) {
        var extensions = new TreeSet<String>();
        EXTENSION.matcher(answer).results().forEach(found -> extensions.add(found.group(1)));
        return new ServerImage(first(VERSION, answer), first(LIBRARY, answer), extensions);
    }

    private static Optional<String> first(Pattern pattern, String answer) {
        var matcher = pattern.matcher(answer);
        return matcher.find() ? Optional.of(matcher.group(1).strip()) : Optional.empty();
    }

    /** Before the dot, or the word: there is "15.18", "18beta1" and "19devel". */
    static String major(String version) {
        return version.replaceFirst("\\D.*", "");
    }
}
