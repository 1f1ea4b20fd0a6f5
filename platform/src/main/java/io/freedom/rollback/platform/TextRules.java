package io.freedom.rollback.platform;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Rules for single values: each returns what is wrong and what to write, or null when all is well. */
final class TextRules {
    /** Destroys what it can; the scenario of that name. */
    private static final String RESET = "full-reset";

    private static final Pattern REFERENCE =
            Pattern.compile("\\$\\{(?:env:[A-Za-z_][A-Za-z0-9_]*|file:/[^}#]+(?:#[A-Za-z_][A-Za-z0-9_.]*)?)}");
    private static final Pattern SECRET_HEADER =
            Pattern.compile("(?i).*(authorization|api-?key|token|secret|password|credential|cookie).*");
    private static final String HOW_TO_REFER =
            "${env:NAME} (a variable of the workers) or ${file:/path#KEY} (a key of an"
                    + " env file on the workers' machine)";

    private TextRules() {}

    static @Nullable String name(String value) {
        return value.matches("[a-z0-9][a-z0-9-]{0,62}")
                ? null
                : "must be 1 to 63 lower-case letters, digits and hyphens, not '" + value + "'";
    }

    static @Nullable String absolute(String value) {
        if (!value.startsWith("/")) {
            return "must be an absolute path, e.g. /srv/freedom, not '" + value + "'";
        }
        return climbs(value) ? "must not contain '..': write the path out" : null;
    }

    static @Nullable String relative(String value) {
        if (value.isBlank()) {
            return "must not be empty";
        }
        if (value.startsWith("/") || value.startsWith("~")) {
            return "must be relative to workTree, not '" + value + "'";
        }
        if (climbs(value)) {
            return "must stay inside workTree: '..' is not allowed";
        }
        return value.startsWith("-") ? "must not begin with '-': write ./" + value : null;
    }

    static @Nullable String tag(String value) {
        boolean valid = value.matches("[^\\s~^:?*\\[\\\\\\x00-\\x1f\\x7f]+")
                && !value.matches("[-/.].*|.*[/.]|.*(\\.\\.|//|@\\{|/\\.).*|.*\\.lock(/.*)?|@");
        return valid ? null : "'" + value + "' cannot be the name of a git tag: see `git check-ref-format`";
    }

    static @Nullable String duration(String value) {
        return Quantities.duration(value).isPresent()
                ? null
                : "must be a duration such as 90s, 20m or 1h, not '" + value + "'";
    }

    /** More often than that, one would hardly be finished when the next is due. */
    static @Nullable String schedule(String value) {
        return atLeast(5, value);
    }

    static @Nullable String minutes(String value) {
        return atLeast(1, value);
    }

    /** No look is due sooner after another. */
    static @Nullable String look(String value) {
        return atLeast(Duration.ofSeconds(5), "5s", value);
    }

    private static @Nullable String atLeast(int minutes, String value) {
        return atLeast(Duration.ofMinutes(minutes), minutes + "m", value);
    }

    private static @Nullable String atLeast(Duration least, String named, String value) {
        var wrong = duration(value);
        return wrong == null && Quantities.duration(value).orElseThrow().compareTo(least) < 0
                ? "must be at least " + named + ", not '" + value + "'"
                : wrong;
    }

    /** Below that, nothing of what was just kept would stay. */
    static @Nullable String logBound(String value) {
        var wrong = size(value);
        return wrong == null && Quantities.size(value).orElseThrow() < 64L << 20
                ? "must be at least 64MiB, not '" + value + "'"
                : wrong;
    }

    static @Nullable String scheduleOrNever(String value) {
        var wrong = value.equals("never") ? null : schedule(value);
        return wrong == null ? null : wrong + "; or never";
    }

    static @Nullable String zone(String value) {
        return ZoneId.getAvailableZoneIds().contains(value)
                ? null
                : "must be a time zone such as UTC or Europe/Berlin, not '" + value + "'";
    }

    static @Nullable String size(String value) {
        return Quantities.size(value).isPresent()
                ? null
                : "must be a size such as 512MiB or 2GiB (units B, KiB, MiB, GiB, TiB), not '" + value + "'";
    }

    static @Nullable String composeProject(String value) {
        return value.matches("[a-z0-9][a-z0-9_-]*")
                ? null
                : "must be a compose project name (lower-case letters, digits, - and _), not '" + value + "'";
    }

    static @Nullable String service(String value) {
        return value.matches("[a-zA-Z0-9][a-zA-Z0-9._-]*")
                ? null
                : "must be the name of a compose service, not '" + value + "'";
    }

    static @Nullable String identifier(String value) {
        return value.matches("[A-Za-z_][A-Za-z0-9_$-]{0,62}")
                ? null
                : "must be a PostgreSQL name (letters, digits, _ - $; at most 63), not '" + value + "'";
    }

    static @Nullable String envKeys(String value) {
        return value.matches("[A-Za-z_][A-Za-z0-9_]*(\\|[A-Za-z_][A-Za-z0-9_]*)*")
                ? null
                : "must be a key or alternatives such as KEY_A|KEY_B, not '" + value + "'";
    }

    static @Nullable String jdbcUrl(String value) {
        if (!value.matches("jdbc:postgresql://\\S+/\\S+")) {
            return "must be a PostgreSQL URL such as jdbc:postgresql://127.0.0.1:5432/freedom_kb";
        }
        return value.toLowerCase(Locale.ROOT).matches(".*[?&](ssl)?password=.*")
                ? "must not hold a password: write database.password as " + HOW_TO_REFER
                : null;
    }

    /** A secret is never in a descriptor, because descriptors are published and kept for ever. */
    static @Nullable String secret(String value) {
        if (REFERENCE.matcher(value).matches()) {
            return null;
        }
        return value.startsWith("${")
                ? "is no secret reference: write " + HOW_TO_REFER
                : "must not be written out here: write " + HOW_TO_REFER;
    }

    static @Nullable String header(String name, String value) {
        boolean refers = REFERENCE.matcher(value).find();
        if (SECRET_HEADER.matcher(name).matches() && !refers) {
            return "must not be written out here: write " + HOW_TO_REFER + ", e.g. \"Bearer ${env:FREEDOM_API_KEY}\"";
        }
        boolean unresolved = REFERENCE.matcher(value).replaceAll("").contains("${");
        if (unresolved) {
            return "holds a reference that no worker can resolve: write " + HOW_TO_REFER;
        }
        return value.matches("[^\\r\\n\\x00]*") ? null : "must be one line";
    }

    static @Nullable String headerName(String name) {
        return name.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+") ? null : "is no HTTP header name";
    }

    static @Nullable String url(String value) {
        try {
            var uri = new URI(value);
            if (uri.getScheme() == null || !uri.getScheme().matches("https?") || uri.getHost() == null) {
                return "must be an http:// or https:// URL with a host, not '" + value + "'";
            }
            if (uri.getPort() > 65_535) {
                return "has a port that no machine has, " + uri.getPort();
            }
            return uri.getRawUserInfo() == null
                    ? null
                    : "must not hold a user or password: use headers with an Authorization reference";
        } catch (URISyntaxException e) {
            return "is no URL (" + e.getReason() + " at character " + (e.getIndex() + 1) + "): '" + value + "'";
        }
    }

    /** Bucket and prefix have keys of their own. */
    static @Nullable String storeEndpoint(String value) {
        var problem = url(value);
        return problem != null || value.matches("https?://[^/?#]+/?")
                ? problem
                : "must be the server alone, e.g. https://s3.example.org: write what follows it as bucket and prefix";
    }

    static @Nullable String bucket(String value) {
        return value.matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
                ? null
                : "must be the name of a bucket (3 to 63 lower-case letters, digits, - and .), not '" + value + "'";
    }

    static @Nullable String keyPrefix(String value) {
        return value.matches("([A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*)?") && !climbs(value)
                ? null
                : "must be like site-a/rollback, without a slash at its ends, not '" + value + "'";
    }

    /** Wholly one or the other: a secret inside of a URL could not be told from the rest of it. */
    static @Nullable String webhook(String value) {
        return value.startsWith("${") ? secret(value) : url(value);
    }

    static @Nullable String server(String value) {
        return value.matches("[A-Za-z0-9.-]+:[0-9]{1,5}") ? null : "must be HOST:PORT, e.g. smtp.example.org:587";
    }

    static @Nullable String mailAddress(String value) {
        return value.matches("[^\\s@<>,;]+@[^\\s@<>,;]+")
                ? null
                : "must be a mail address such as on-call@example.org, not '" + value + "'";
    }

    static @Nullable String template(String value) {
        return MessageTemplate.unknown(value)
                .map(unknown -> "has no value for " + unknown + ": use "
                        + MessageTemplate.PLACEHOLDERS.stream()
                                .map(name -> "{" + name + "}")
                                .collect(Collectors.joining(", ")))
                .orElse(null);
    }

    static @Nullable String regex(String value) {
        try {
            Pattern.compile(value);
            return value.isEmpty() ? "must not be empty: it would match everything" : null;
        } catch (PatternSyntaxException e) {
            return "is no regular expression: " + e.getDescription() + " at character " + (e.getIndex() + 1);
        }
    }

    static @Nullable String pointer(String value) {
        return value.matches("(/([^~/]|~[01])*)+")
                ? null
                : "must be a JSON pointer such as /choices/0/message/content, not '" + value + "'";
    }

    private static boolean climbs(String path) {
        return ("/" + path + "/").contains("/../");
    }

    static @Nullable String startedByIncidents(String scenario) {
        return scenario.equals(RESET)
                ? "full-reset is never started by an incident, because it removes volumes and files: name another scenario, or none, and start it by hand with `rollbackctl start NAME --scenario full-reset --reason …`"
                : null;
    }
}
