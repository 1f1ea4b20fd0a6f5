package io.freedom.rollback.backup;

import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * When the content of an archive was read, noted beside it: files have no snapshot, so each of them is as it was at some moment in between.
 *
 * @param begun before the first file was looked at
 * @param ended once the last one was read
 */
record PartTimes(Instant begun, Instant ended) {
    private static final String NOTE = ".json";
    /** Of the archive, before it is packed. */
    static final String NOTED = ".tar" + NOTE;

    /** @param plain name of the archive before it is packed */
    static void note(Path plain, Instant begun, Instant ended) throws IOException {
        PrivateFiles.write(noteOf(plain), Json.text(new PartTimes(millis(begun), millis(ended))));
    }

    private static Path noteOf(Path plain) {
        return plain.resolveSibling(plain.getFileName() + NOTE);
    }

    private static Instant millis(Instant at) {
        return at.truncatedTo(ChronoUnit.MILLIS);
    }

    /** Of a restore point's archives, those that it has; an older release noted none. */
    static List<Manifest.Part> of(RestorePoint point) throws IOException {
        var parts = new ArrayList<Manifest.Part>();
        for (var part : List.of(
                Map.entry("configuration", point.configuration()),
                Map.entry("modified", point.modified()),
                Map.entry("models", point.models()))) {
            add(part.getKey(), part.getValue(), parts);
        }
        if (Files.isDirectory(point.data())) {
            try (var all = Files.list(point.data())) {
                for (var note : all.filter(file -> file.toString().endsWith(NOTED))
                        .sorted()
                        .toList()) {
                    var archive = String.valueOf(note.getFileName()).replaceFirst("\\.json$", "");
                    add("data/" + archive.replaceFirst("\\.tar$", ""), note.resolveSibling(archive), parts);
                }
            }
        }
        return parts;
    }

    private static void add(String name, Path plain, List<Manifest.Part> parts) throws IOException {
        if (Vault.find(plain).isPresent() && Files.isRegularFile(noteOf(plain))) {
            var times = Json.read(noteOf(plain), PartTimes.class);
            parts.add(new Manifest.Part(name, times.begun(), times.ended()));
        }
    }
}
