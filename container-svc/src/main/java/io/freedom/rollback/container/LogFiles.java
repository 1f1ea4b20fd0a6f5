package io.freedom.rollback.container;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * What is on disk of the logs of a platform's containers: a folder for each service, with files by the hour, packed as
 * their names say; of releases before, gzip. What is being written has a name of its own until it is whole. Only the worker's user may read them.
 */
record LogFiles(Path root) {
    /** In the folder that restore points are in. */
    static final String FOLDER = ".logs";

    static final FileAttribute<?> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<?> PRIVATE_FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private static final String POSITIONS = ".positions";
    private static final String LOCK = ".lock";
    private static final String PARTIAL = ".partial";
    private static final Pattern NAME =
            Pattern.compile("(\\d{4}-\\d\\d-\\d\\dT\\d\\d)Z_.+_([0-9a-f]+)_\\d+\\.log\\.(?:gz|zst|zst\\.age)");
    private static final int LONGEST = 100;

    static LogFiles of(String backups, String platform) throws IOException {
        var logs = folder(Path.of(backups).resolve(FOLDER));
        return new LogFiles(folder(logs.resolve(safe(platform))));
    }

    /** Makes it where it is missing; a link would lead elsewhere. */
    private static Path folder(Path folder) throws IOException {
        Files.createDirectories(folder, PRIVATE_FOLDER);
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileSystemException(folder.toString(), null, "is a symbolic link: put a folder in its place");
        }
        return folder;
    }

    /** A service may be called "../x" or ".hidden"; most names stay as they are. */
    static String safe(String name) {
        var out = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            boolean plain =
                    b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '-' || b == '_';
            boolean dot = b == '.' && !out.isEmpty();
            out.append(plain || dot ? String.valueOf((char) b) : String.format("%%%02X", b));
        }
        if (out.isEmpty()) {
            return "%";
        }
        return out.length() <= LONGEST
                ? out.toString()
                : out.substring(0, LONGEST) + "~" + UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    }

    Path service(String service) throws IOException {
        return folder(root.resolve(safe(service)));
    }

    /** Where a file is until it is whole. */
    static Path partial(Path file) {
        return file.resolveSibling("." + file.getFileName() + PARTIAL);
    }

    /** @param container shortened id */
    Path position(String container) throws IOException {
        return folder(root.resolve(POSITIONS)).resolve(safe(container));
    }

    Path lock(String container) throws IOException {
        return folder(root.resolve(POSITIONS)).resolve(safe(container) + LOCK);
    }

    long free() throws IOException {
        return Files.getFileStore(root).getUsableSpace();
    }

    /** Renames durably over what is there. */
    static void publish(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        var folder = to.toAbsolutePath().getParent();
        if (folder != null) {
            force(folder);
        }
    }

    static void force(Path path) throws IOException {
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Files that were not whole when their worker ended, with the container that they are of. */
    record Unfinished(Path partial, Path file, String container) {}

    List<Unfinished> unfinished() throws IOException {
        var found = new ArrayList<Unfinished>();
        for (var folder : services()) {
            found.addAll(unfinished(folder));
        }
        return found;
    }

    /** Of one service. */
    static List<Unfinished> unfinished(Path folder) throws IOException {
        var found = new ArrayList<Unfinished>();
        for (var path : list(folder)) {
            var name = path.getFileName().toString();
            if (name.startsWith(".") && name.endsWith(PARTIAL)) {
                var whole = name.substring(1, name.length() - PARTIAL.length());
                var matcher = NAME.matcher(whole);
                if (matcher.matches()) {
                    found.add(new Unfinished(path, path.resolveSibling(whole), matcher.group(2)));
                }
            }
        }
        return found;
    }

    /** A file that is whole. */
    private record Kept(Path path, Instant until, long bytes) {}

    private List<Kept> kept() throws IOException {
        var kept = new ArrayList<Kept>();
        for (var folder : services()) {
            for (var path : list(folder)) {
                var matcher = NAME.matcher(path.getFileName().toString());
                if (matcher.matches() && Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
                    var until = Instant.parse(matcher.group(1) + ":00:00Z").plus(Duration.ofHours(1));
                    kept.add(new Kept(path, until, size(path)));
                }
            }
        }
        kept.sort(Comparator.comparing(Kept::until)
                .thenComparing(file -> file.path().getFileName()));
        return kept;
    }

    /** Removes what is older, and the oldest beyond the bound. Returns the bytes that are left. */
    long prune(Duration keep, long bound, Instant now) throws IOException {
        var kept = kept();
        long bytes = kept.stream().mapToLong(Kept::bytes).sum();
        for (var file : kept) {
            if (file.until().isAfter(now.minus(keep)) && bytes <= bound) {
                break;
            }
            Files.deleteIfExists(file.path());
            bytes -= file.bytes();
        }
        return bytes;
    }

    /** Forgets how far containers were read that are gone for that long. */
    void forget(Set<String> here, Duration keep, Instant now) throws IOException {
        for (var path : list(folder(root.resolve(POSITIONS)))) {
            var name = path.getFileName().toString();
            var container = name.endsWith(LOCK) ? name.substring(0, name.length() - LOCK.length()) : name;
            if (!here.contains(container)
                    && Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS)
                            .toInstant()
                            .isBefore(now.minus(keep))) {
                Files.deleteIfExists(path);
            }
        }
    }

    private List<Path> services() throws IOException {
        return list(root).stream()
                .filter(path -> !path.getFileName().toString().startsWith("."))
                .filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                .toList();
    }

    private static List<Path> list(Path folder) throws IOException {
        try (var all = Files.list(folder)) {
            return all.sorted().toList();
        }
    }

    /** Of a file that somebody may be removing. */
    private static long size(Path path) throws IOException {
        try {
            return Files.size(path);
        } catch (NoSuchFileException e) {
            return 0;
        }
    }
}
