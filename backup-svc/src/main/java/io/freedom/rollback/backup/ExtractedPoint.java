package io.freedom.rollback.backup;

import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A restore point as ordinary files. */
record ExtractedPoint(RestorePoint point, Manifest manifest, Vault vault, Path into) {
    static final List<String> PARTS = List.of("database", "configuration", "models", "modified", "data");

    /** Compares what these parts are unpacked from with the manifest; archives have the hashes of what is in objects. */
    void check(List<String> parts) throws IOException, StepFailure {
        ManifestCheck.parts(
                point,
                manifest,
                vault,
                Instant.now(),
                new Offline(),
                path -> parts.stream()
                        .anyMatch(part -> part.equals("database")
                                ? path.startsWith("database/") || path.startsWith("files/" + Globals.FILE)
                                : path.startsWith("files/" + part + ".tar") || path.startsWith(part + "/")));
    }

    /** Returns a line for each thing that was unpacked. */
    List<String> extract(List<String> parts) throws IOException, StepFailure {
        var lines = new ArrayList<String>();
        if (manifest.format() < Manifest.FORMAT) {
            lines.add("An older release has taken it: its other files lie as they are in " + point.directory());
        }
        if (parts.contains("database")) {
            database(lines);
        }
        var archives =
                Map.of("configuration", point.configuration(), "models", point.models(), "modified", point.modified());
        for (var part : PARTS) {
            var plain = archives.get(part);
            if (plain != null && parts.contains(part)) {
                archive(plain, part, lines);
            }
        }
        if (parts.contains("data") && Files.isDirectory(point.data())) {
            try (var all = Files.list(point.data())) {
                for (var file : all.filter(
                                it -> !String.valueOf(it.getFileName()).startsWith(Staging.PREFIX))
                        .filter(it -> !it.toString().endsWith(PartTimes.NOTED))
                        .sorted()
                        .toList()) {
                    var name = String.valueOf(file.getFileName()).replaceFirst("\\.tar(\\.zst)?(\\.age)?$", "");
                    archive(file.resolveSibling(name + ".tar"), "data/" + name, lines);
                }
            }
        }
        if (lines.isEmpty()) {
            lines.add("the restore point has none of " + String.join(", ", parts));
        }
        return lines;
    }

    private void archive(Path plain, String name, List<String> lines) throws IOException {
        var file = Vault.find(plain);
        if (file.isEmpty()) {
            return;
        }
        var tally = new Tally(new Offline());
        try (var reader = ArchiveReader.open(file.get(), point, vault)) {
            reader.extract(into.resolve(name), tally);
        }
        lines.add(into.resolve(name) + ": " + tally.detail("files"));
    }

    private void database(List<String> lines) throws IOException, StepFailure {
        if (manifest.dumps().isEmpty()) {
            return;
        }
        for (var dumped : manifest.dumps()) {
            dump(dumped, lines);
        }
        var globals = Globals.read(point, manifest, vault);
        if (globals.isPresent()) {
            PrivateFiles.write(into.resolve("globals.sql"), globals.get().script(manifest.databases()));
            lines.add(into.resolve("globals.sql") + ": " + globals.get().roles().size() + " roles");
        }
    }

    private void dump(DumpRecord dumped, List<String> lines) throws IOException {
        var target = PrivateFiles.createFolders(
                into.resolve("database").resolve(RestorePoint.databaseFileName(dumped.database())));
        long bytes = 0;
        try (var all = Files.list(point.dump(dumped.database()))) {
            for (var file : all.filter(it -> Files.isRegularFile(it, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList()) {
                try (var in = vault.open(file);
                        var out = Vault.plain(target.resolve(SealedDump.plain(file)))) {
                    bytes += in.transferTo(out);
                }
            }
        }
        lines.add("%s: %s, %s of PostgreSQL %s, %d tables"
                .formatted(
                        target,
                        dumped.database(),
                        Disk.size(bytes),
                        dumped.serverVersion(),
                        dumped.tables().size()));
    }
}
