package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.ExecResult;
import io.freedom.rollback.engine.TarReader;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * A folder in a running container, by what programs of its image say: find, stat and GNU tar. They run as the
 * container's own user, and see no more than that may. Names are paths below the folder's parent, as the engine's tar has them.
 */
final class ContainerFiles {
    /** What they say is not translated, times are of UTC, and the image adds no options. */
    private static final Map<String, String> PLAIN = Map.of("LC_ALL", "C", "TZ", "UTC0", "TAR_OPTIONS", "");

    private static final Duration BRIEF = Duration.ofMinutes(1);
    private static final Duration LISTING = Duration.ofMinutes(5);
    private static final String LOOK = "date +%s && readlink -f \"$1\" && cat /proc/self/mountinfo";
    /** By which its clock and the worker's may differ. */
    private static final Duration CLOCKS = Duration.ofSeconds(5);
    /** Whose change times nobody can set, and come with each change. */
    private static final Set<String> RELIABLE = Set.of("ext2", "ext3", "ext4", "xfs", "btrfs", "overlay");

    private static final Pattern LOOKED = Pattern.compile("(\\d{1,12})\n(.*)", Pattern.DOTALL);
    private static final Pattern FOUND = Pattern.compile(
            " (\\d+) (\\d+) ([0-9a-f]+) (\\d+) (\\d+) (\\d+) (\\d+) (-?\\d+) (-?\\d+)\\|([^|]*)\\|([^|]*)\\|(.*)\n",
            Pattern.DOTALL);
    private static final String FORMAT = " %d %i %f %u %g %s %h %Y %Z|%y|%z|%n";
    private static final Pattern FRACTION = Pattern.compile("\\.(\\d{9})");
    /** Bytes of names that are passed to tar; Linux takes 2 MiB. */
    private static final int ARGUMENTS = 512 << 10;

    private final Engine engine;
    private final String container;
    private final String path;
    private final String parent;
    private final String identity;

    /** Its files cannot be told apart from inside: they are read by the engine, all. */
    static final class UnsuitedException extends Exception {
        private static final long serialVersionUID = 1L;

        private UnsuitedException(String why) {
            super(why);
        }
    }

    private ContainerFiles(Engine engine, String container, String path, String identity) {
        this.engine = engine;
        this.container = container;
        this.path = path;
        this.parent = path.substring(0, path.lastIndexOf('/') + 1);
        this.identity = identity;
    }

    /**
     * @param path absolute
     * @param clock of the worker, by which the times of files are judged
     */
    static ContainerFiles in(Engine engine, String container, String path, InstantSource clock)
            throws UnsuitedException, StepFailure, InterruptedException {
        var before = clock.instant();
        var said = asked(() -> engine.exec(container, List.of("sh", "-c", LOOK, "sh", path), PLAIN, BRIEF));
        if (!said.succeeded() || said.truncated()) {
            throw unsuited("sh, date, readlink or cat fails in it" + because(said));
        }
        var looked = LOOKED.matcher(said.stdout());
        if (!looked.matches()) {
            throw unsuited("date says no time in it" + because(said));
        }
        requireSameTime(Long.parseLong(looked.group(1)), before, clock.instant());
        var found = looked.group(2);
        if (!found.startsWith(path + "\n") || path.equals("/")) {
            throw unsuited(path + " leads over a link or is not there");
        }
        var mount = "";
        for (var line : found.substring(path.length() + 1).lines().toList()) {
            var fields = line.split(" ", -1);
            int type = List.of(fields).indexOf("-") + 1;
            if (fields.length < 6 || type < 6 || fields.length < type + 2) {
                throw unsuited("its mounts are unreadable");
            }
            var at = unescaped(fields[4]);
            if (at.startsWith(path + "/")) {
                throw unsuited("something is mounted at " + at);
            }
            // The last one is above those before it.
            if (at.equals("/") || at.equals(path) || path.startsWith(at + "/")) {
                if (!RELIABLE.contains(fields[type])) {
                    throw unsuited(path + " is on " + fields[type] + ", whose times may not tell every change");
                }
                mount = String.join(" ", fields[2], fields[3], at, fields[type], fields[type + 1]);
            }
        }
        return new ContainerFiles(
                engine, container, path, Sha256.of(container + "\n" + mount).substring(0, 16));
    }

    /** @param there the container's clock, seconds; between two readings of the worker's */
    private static void requireSameTime(long there, Instant before, Instant after) throws UnsuitedException {
        long behind = before.getEpochSecond() - there;
        long ahead = there - after.getEpochSecond();
        if (Math.max(behind, ahead) > CLOCKS.toSeconds()) {
            throw unsuited("its clock is %d s %s the worker's: set both by NTP"
                    .formatted(Math.max(behind, ahead), behind > 0 ? "behind" : "ahead of"));
        }
    }

    /** The kernel writes blanks, newlines and backslashes in octal. */
    private static String unescaped(String field) {
        return field.replace("\\040", " ")
                .replace("\\011", "\t")
                .replace("\\012", "\n")
                .replace("\\134", "\\");
    }

    /** Those that are worth an object of their own, as far as they can be seen. Their inodes are of this container and mount. */
    Map<String, UnixStat> large() throws UnsuitedException, StepFailure, InterruptedException {
        // No name has it, whatever else is in names.
        var mark = UUID.randomUUID().toString();
        var argv = List.of(
                "find",
                path,
                "-type",
                "f",
                "-size",
                "+" + (ObjectPool.AT_LEAST - 1) + "c",
                "-exec",
                "stat",
                "-c",
                mark + FORMAT,
                "{}",
                "+");
        var said = asked(() -> engine.exec(container, argv, PLAIN, LISTING));
        var found = new TreeMap<String, UnixStat>();
        for (var one : said.stdout().split(mark, -1)) {
            var fields = FOUND.matcher(one);
            if (fields.matches()
                    && fields.group(12).startsWith(parent)
                    && fields.group(12).indexOf('\uFFFD') < 0) {
                try {
                    found.put(
                            fields.group(12).substring(parent.length()),
                            new UnixStat(
                                    identity + ":" + fields.group(1) + ":" + fields.group(2),
                                    Integer.parseInt(fields.group(3), 16),
                                    Integer.parseInt(fields.group(4)),
                                    Integer.parseInt(fields.group(5)),
                                    Long.parseLong(fields.group(6)),
                                    Integer.parseInt(fields.group(7)),
                                    time(fields.group(8), fields.group(10)),
                                    time(fields.group(9), fields.group(11))));
                } catch (NumberFormatException e) {
                    throw unsuited("stat says what cannot be: " + one.strip());
                }
            }
        }
        // With 1 it ends too where some were deleted meanwhile, or are not to be seen.
        if (said.truncated() || (!said.succeeded() && (said.exitCode() != 1 || found.isEmpty()))) {
            throw unsuited("find and stat fail in it" + because(said));
        }
        return found;
    }

    /** Absolute, of one that is named as they are here. */
    String path(String name) {
        return parent + name;
    }

    /** @param text with the fraction, where stat knows it */
    private static Instant time(String seconds, String text) {
        var fraction = FRACTION.matcher(text);
        return Instant.ofEpochSecond(Long.parseLong(seconds), fraction.find() ? Long.parseLong(fraction.group(1)) : 0);
    }

    /** Of these, the first whose names tar can be given. */
    static List<String> fitting(Collection<String> names) {
        var fitting = new ArrayList<String>();
        int bytes = 0;
        for (var name : names) {
            bytes += 3 * name.length() + 32;
            if (bytes <= ARGUMENTS) {
                fitting.add(name);
            }
        }
        return fitting;
    }

    /**
     * Reads all but some files. Names of the stream begin with "./".
     *
     * @return with exit code 1 where files changed meanwhile, which it names
     */
    ExecResult read(Collection<String> without, TarReader reader)
            throws UnsuitedException, StepFailure, InterruptedException {
        var version = asked(() -> engine.exec(container, List.of("tar", "--version"), PLAIN, BRIEF));
        if (!version.stdout().startsWith("tar (GNU tar)")) {
            throw unsuited("its tar is not GNU's" + because(version));
        }
        var argv = new ArrayList<>(List.of(
                "tar",
                "--create",
                "--file=-",
                "--format=posix",
                "--pax-option=delete=atime,delete=ctime",
                "--directory=" + parent,
                "--anchored",
                "--no-wildcards"));
        without.forEach(name -> argv.add("--exclude=./" + name));
        argv.addAll(List.of("--", "./" + path.substring(parent.length())));
        var said = asked(() -> engine.readTar(container, argv, PLAIN, reader));
        if (said.exitCode() != 0 && said.exitCode() != 1) {
            throw unsuited("tar fails in it" + because(said));
        }
        return said;
    }

    private interface Question {
        ExecResult ask() throws StepFailure, InterruptedException;
    }

    /** A container that answers badly, too late or not to the end is no failure: the engine can read it. */
    private static ExecResult asked(Question question) throws UnsuitedException, StepFailure, InterruptedException {
        try {
            return question.ask();
        } catch (StepFailure e) {
            if (e.kind() == FailureKind.TOOL || e.kind() == FailureKind.UNAVAILABLE) {
                throw unsuited(e.text());
            }
            throw e;
        }
    }

    private static String because(ExecResult said) {
        var text = (said.stderr() + "\n" + said.stdout()).strip();
        var first = text.lines().findFirst().orElse("");
        return " (exit code %d: %s)".formatted(said.exitCode(), first.substring(0, Math.min(200, first.length())));
    }

    private static UnsuitedException unsuited(String why) {
        return new UnsuitedException(why);
    }
}
