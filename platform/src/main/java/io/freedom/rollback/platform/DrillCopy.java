package io.freedom.rollback.platform;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The descriptor of a platform's throwaway copy: nothing it names is the platform's own. */
public final class DrillCopy {
    /** What the copy's name and its compose project's end in. */
    public static final String SUFFIX = "-drill";

    private static final int LONGEST_NAME = 63;
    private static final int HIGHEST_PORT = 65_535;
    private static final int POSTGRESQL = 5432;
    private static final Pattern ADDRESS = Pattern.compile("(https?)://(\\[[^\\]]*]|[^:/?#]+)(?::(\\d+))?(.*)");
    private static final Pattern JDBC = Pattern.compile("(jdbc:postgresql:)//([^/?]*)(.*)");
    private static final Pattern HOST = Pattern.compile("(\\[[^\\]]*]|[^:]*)(?::(\\d+))?");

    /** There can be no copy. */
    public static final class Impossible extends Exception {
        private static final long serialVersionUID = 1L;

        Impossible(String message) {
            super(message);
        }
    }

    private final PlatformDescriptor platform;
    private final int offset;

    private DrillCopy(PlatformDescriptor platform, int offset) {
        this.platform = platform;
        this.offset = offset;
    }

    /** Name of a platform's copy. */
    public static String nameOf(String platform) {
        return platform + SUFFIX;
    }

    /** Folder of all that a drill has on disk; platforms may share their backup directory. */
    public static String folderOf(PlatformDescriptor platform) {
        return platform.backups().directory() + "/.drills/" + platform.name();
    }

    /** @param offset added to each port of the machine */
    public static PlatformDescriptor of(PlatformDescriptor platform, int offset) throws Impossible {
        if (offset < 1 || offset > HIGHEST_PORT) {
            throw new Impossible("a port offset of " + offset + " is none: choose one from 1 to " + HIGHEST_PORT);
        }
        return new DrillCopy(platform, offset).copy();
    }

    private PlatformDescriptor copy() throws Impossible {
        var name = nameOf(platform.name());
        if (name.length() > LONGEST_NAME) {
            throw new Impossible("the copy's name, " + name + ", would be longer than " + LONGEST_NAME
                    + " characters: give the platform a shorter name");
        }
        var compose = platform.compose();
        var nobody = new ApprovalPolicy(0, Duration.ofMinutes(1), true, false);
        return new PlatformDescriptor(
                name,
                platform.site(),
                folderOf(platform) + "/work",
                platform.target(),
                platform.criticalPaths(),
                platform.rto(),
                platform.rpo(),
                platform.objectives(),
                new Compose(
                        compose.project() + SUFFIX,
                        compose.files(),
                        compose.envFile(),
                        compose.requiredEnvKeys(),
                        new Compose.Original(platform.name(), platform.workTree(), offset)),
                platform.services(),
                database(platform.database()),
                platform.configuration(),
                platform.models(),
                platform.containerData(),
                probes(platform.probes()),
                platform.logs(),
                new Backups(
                        folderOf(platform) + "/backups",
                        platform.backups().reserve(),
                        platform.backups().hold(),
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null),
                Map.of(),
                nobody,
                nobody,
                List.of(),
                null, // its programs find the database by themselves, and would find the platform's
                platform.automatic(),
                List.of(),
                new StabilityPolicy(false, Duration.ofMinutes(1), Duration.ofMinutes(1), 1, 0),
                List.of());
    }

    private @Nullable DatabaseSpec database(@Nullable DatabaseSpec spec) throws Impossible {
        return spec == null
                ? null
                : new DatabaseSpec(
                        spec.service(),
                        spec.name(),
                        spec.user(),
                        jdbc(spec.jdbcUrl()),
                        moved(spec.password()),
                        spec.except());
    }

    private String jdbc(String url) throws Impossible {
        var matcher = JDBC.matcher(url);
        if (!matcher.matches()) {
            throw new Impossible("database.jdbcUrl names no host, so the copy's database cannot be reached: write "
                    + "jdbc:postgresql://HOST:PORT/NAME");
        }
        var hosts = new ArrayList<String>();
        for (var host : matcher.group(2).split(",", -1)) {
            var parts = HOST.matcher(host);
            if (!parts.matches()) {
                throw new Impossible("database.jdbcUrl has a host that cannot be read: " + host);
            }
            hosts.add(parts.group(1) + ":" + shifted(parts.group(2), POSTGRESQL));
        }
        return matcher.group(1) + "//" + String.join(",", hosts) + matcher.group(3);
    }

    private Probes probes(Probes probes) throws Impossible {
        var http = new ArrayList<Probe>();
        for (var probe : probes.http()) {
            http.add(probe(probe));
        }
        return new Probes(
                http,
                probes.model() == null ? null : probe(probes.model()),
                probes.endToEnd() == null ? null : probe(probes.endToEnd()));
    }

    private Probe probe(Probe probe) throws Impossible {
        var matcher = ADDRESS.matcher(probe.url());
        if (!matcher.matches()) {
            throw new Impossible("probe " + probe.name() + " has an address that cannot be read: " + probe.url());
        }
        int usual = matcher.group(1).equals("https") ? 443 : 80;
        var headers = new TreeMap<String, String>();
        probe.headers().forEach((name, value) -> headers.put(name, String.valueOf(moved(value))));
        return new Probe(
                probe.name(),
                matcher.group(1) + "://" + matcher.group(2) + ":" + shifted(matcher.group(3), usual) + matcher.group(4),
                probe.method(),
                headers,
                moved(probe.body()),
                probe.status(),
                probe.bodyPattern(),
                probe.answerPointer(),
                probe.role());
    }

    private int shifted(@Nullable String port, int usual) throws Impossible {
        int shifted = (port == null ? usual : Integer.parseInt(port)) + offset;
        if (shifted > HIGHEST_PORT) {
            throw new Impossible("port " + (shifted - offset) + " becomes " + shifted
                    + ", which no machine has: choose a smaller port offset");
        }
        return shifted;
    }

    /** Secrets in files of the work tree are those of the copy. */
    private @Nullable String moved(@Nullable String text) {
        return text == null
                ? null
                : text.replace("${file:" + platform.workTree() + "/", "${file:" + folderOf(platform) + "/work/");
    }
}
