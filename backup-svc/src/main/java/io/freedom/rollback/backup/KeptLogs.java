package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.KeyException;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * What container workers have kept of a platform's logs: a folder for each service, with files by the hour. Reads them with nothing but the files and the
 * key; one that cannot be read is named, and keeps nobody from the others.
 */
final class KeptLogs {
    private static final String FOLDER = ".logs";
    private static final Pattern NAME =
            Pattern.compile("(\\d{4}-\\d\\d-\\d\\dT\\d\\d)Z_(.+)_([0-9a-f]+)_(\\d+)\\.log\\.(?:gz|zst|zst\\.age)");
    /** Each entry begins with it. */
    private static final Pattern STAMP = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z");

    private static final Pattern AGO = Pattern.compile("(\\d{1,9})([smhd])");
    private static final Pattern HOUR = Pattern.compile("(\\d{4}-\\d\\d-\\d\\dT\\d\\d)Z");
    private static final int STAMP_LENGTH = 30;
    private static final DateTimeFormatter AS_STAMP =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final Path platform;
    private final Vault vault;
    private final Consumer<String> faults;
    private int unreadable;
    private int withoutKey;

    /**
     * @param directory where restore points are
     * @param platform null where it has logs of one alone
     * @param faults told what cannot be read, and why
     */
    KeptLogs(Path directory, @Nullable String platform, Vault vault, Consumer<String> faults)
            throws IOException, StepFailure {
        this.platform = directory.resolve(FOLDER).resolve(platform(directory, platform));
        this.vault = vault;
        this.faults = faults;
    }

    /**
     * As people name one.
     *
     * @param text a time, its hour or its day, or how long before {@code now}
     * @throws DateTimeException where it is none of these
     */
    static Instant moment(String text, Instant now) {
        var ago = AGO.matcher(text);
        if (ago.matches()) {
            long many = Long.parseLong(ago.group(1));
            return now.minus(
                    switch (ago.group(2)) {
                        case "s" -> Duration.ofSeconds(many);
                        case "m" -> Duration.ofMinutes(many);
                        case "h" -> Duration.ofHours(many);
                        default -> Duration.ofDays(many);
                    });
        }
        if (text.length() == "2026-11-26".length()) {
            return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
        }
        var hour = HOUR.matcher(text);
        return OffsetDateTime.parse(hour.matches() ? hour.group(1) + ":00Z" : text)
                .toInstant();
    }

    private static String platform(Path directory, @Nullable String wanted) throws IOException, StepFailure {
        var logs = directory.resolve(FOLDER);
        var there = Files.isDirectory(logs) ? folders(logs) : List.<String>of();
        if (there.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "no logs are kept in %s: it has no folder %s with a platform's. Name what the descriptor calls backups.directory"
                            .formatted(directory, FOLDER));
        }
        if (wanted == null && there.size() > 1) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "logs of several platforms are kept in %s, name one by --platform: %s"
                            .formatted(directory, String.join(", ", there)));
        }
        if (wanted != null && !there.contains(wanted)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "no logs of platform %s are kept in %s, but of %s"
                            .formatted(wanted, directory, String.join(", ", there)));
        }
        return wanted == null ? there.getFirst() : wanted;
    }

    private static List<String> folders(Path parent) throws IOException {
        try (var all = Files.list(parent)) {
            return all.filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .map(path -> String.valueOf(path.getFileName()))
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    /** A file of one container and one hour, of which it may have several. */
    private record LogFile(Path path, String number, String container, int sequence) {}

    /**
     * Writes the lines of a time in its order, each with the container that has said it after its time.
     *
     * @param service null for all
     * @param since the first moment; null for the beginning
     * @param until the last moment; null for the end
     * @return how many files could not be read, or not to their end
     * @throws IOException where nothing can be written
     */
    int print(@Nullable String service, @Nullable Instant since, @Nullable Instant until, OutputStream out)
            throws IOException, StepFailure {
        var from = since == null ? "" : AS_STAMP.format(since);
        var to = until == null ? "~" : AS_STAMP.format(until);
        for (var hour : hours(service).entrySet()) {
            boolean over =
                    since != null && !hour.getKey().plus(Duration.ofHours(1)).isAfter(since);
            boolean later = until != null && hour.getKey().isAfter(until);
            if (!over && !later) {
                merge(hour.getValue(), from, to, out);
            }
        }
        out.flush();
        if (withoutKey > 1) {
            faults.accept("%d more files cannot be read for want of a key".formatted(withoutKey - 1));
        }
        return unreadable;
    }

    /** Files in their order, by the hour, then by whose they are. */
    private SortedMap<Instant, SortedMap<String, List<LogFile>>> hours(@Nullable String wanted)
            throws IOException, StepFailure {
        var services = folders(platform);
        if (wanted != null && !services.contains(wanted)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "no logs of service %s are kept in %s, but of %s"
                            .formatted(wanted, platform, String.join(", ", services)));
        }
        var hours = new TreeMap<Instant, SortedMap<String, List<LogFile>>>();
        for (var service : wanted == null ? services : List.of(wanted)) {
            try (var all = Files.list(platform.resolve(service))) {
                for (var path : all.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                        .toList()) {
                    var name = NAME.matcher(String.valueOf(path.getFileName()));
                    if (name.matches()) {
                        var file = new LogFile(path, name.group(2), name.group(3), Integer.parseInt(name.group(4)));
                        hours.computeIfAbsent(Instant.parse(name.group(1) + ":00:00Z"), _ -> new TreeMap<>())
                                .computeIfAbsent(
                                        service + "-" + file.number() + " " + file.container(), _ -> new ArrayList<>())
                                .add(file);
                    }
                }
            }
        }
        hours.values()
                .forEach(
                        hour -> hour.values().forEach(files -> files.sort(Comparator.comparingInt(LogFile::sequence))));
        return hours;
    }

    private void merge(SortedMap<String, List<LogFile>> hour, String from, String to, OutputStream out)
            throws IOException {
        var open = new ArrayList<Lines>();
        try {
            var next = new PriorityQueue<>(Comparator.comparing(Lines::stamp).thenComparing(Lines::who));
            for (var container : hour.entrySet()) {
                var lines = new Lines(container.getKey(), container.getValue());
                open.add(lines);
                if (lines.advance()) {
                    next.add(lines);
                }
            }
            for (var first = next.poll(); first != null; first = next.poll()) {
                if (first.stamp().compareTo(from) >= 0 && first.stamp().compareTo(to) <= 0) {
                    first.write(out);
                }
                if (first.advance()) {
                    next.add(first);
                }
            }
        } finally {
            open.forEach(Lines::close);
        }
    }

    private void fault(Path file, IOException e) {
        if (e instanceof NoSuchFileException) {
            return; // its time was over, and a worker has removed it
        }
        unreadable++;
        if (e instanceof KeyException) {
            if (withoutKey++ == 0) {
                faults.accept(String.valueOf(e.getMessage()));
            }
        } else if (e instanceof DamagedException) {
            faults.accept(String.valueOf(e.getMessage()));
        } else if (e instanceof ZipException || e instanceof EOFException) {
            faults.accept(file + " was changed after it was written, or is cut short");
        } else {
            faults.accept("%s cannot be read: %s".formatted(file, e));
        }
    }

    private InputStream open(Path file) throws IOException {
        return String.valueOf(file.getFileName()).endsWith(".gz")
                ? new GZIPInputStream(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), 1 << 16)
                : vault.open(file);
    }

    /** The lines that a container has said within an hour, one after the other. */
    private final class Lines {
        private final String who;
        private final List<LogFile> files;
        private final byte[] buffer = new byte[1 << 16];
        private int current = -1;
        private @Nullable InputStream in;
        private int at;
        private int end;
        private byte[] line = new byte[0];
        private String stamp = "";
        private boolean stamped;

        /** @param who the container's name, and after a space its id */
        Lines(String who, List<LogFile> files) {
            this.who = who;
            this.files = files;
        }

        String who() {
            return who;
        }

        /** Of the line; where it is no line of its own, of the one before. */
        String stamp() {
            return stamp;
        }

        void write(OutputStream out) throws IOException {
            int from = stamped ? STAMP_LENGTH + 1 : 0;
            out.write((stamp + " " + who.substring(0, who.indexOf(' ')) + " ").getBytes(StandardCharsets.UTF_8));
            out.write(line, from, line.length - from);
            out.write('\n');
        }

        /** Goes on to the next line, of whichever file that can be read. False at the end of all. */
        boolean advance() {
            while (true) {
                try {
                    if (in != null && read(in)) {
                        return true;
                    }
                } catch (IOException e) {
                    fault(files.get(current).path(), e);
                }
                close();
                if (++current >= files.size()) {
                    return false;
                }
                try {
                    at = 0;
                    end = 0;
                    in = open(files.get(current).path());
                } catch (IOException e) {
                    fault(files.get(current).path(), e);
                }
            }
        }

        private boolean read(InputStream from) throws IOException {
            var parts = new ByteArrayOutputStream();
            boolean any = false;
            while (true) {
                if (at == end) {
                    end = Math.max(0, from.read(buffer, 0, buffer.length));
                    at = 0;
                    if (end == 0) {
                        take(parts.toByteArray());
                        return any;
                    }
                }
                any = true;
                int start = at;
                while (at < end && buffer[at] != '\n') {
                    at++;
                }
                parts.write(buffer, start, at - start);
                if (at < end) {
                    at++;
                    take(parts.toByteArray());
                    return true;
                }
            }
        }

        private void take(byte[] next) {
            line = next;
            var beginning = new String(line, 0, Math.min(line.length, STAMP_LENGTH), StandardCharsets.ISO_8859_1);
            stamped = line.length > STAMP_LENGTH && STAMP.matcher(beginning).matches();
            if (stamped) {
                stamp = beginning;
            }
        }

        void close() {
            var open = in;
            in = null;
            if (open != null) {
                try {
                    open.close();
                } catch (IOException _) {
                    // What was to be read of it was.
                }
            }
        }
    }
}
