package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Where the parts of a restore point are, below the rollback's own directory. Complete only with its manifest. */
record RestorePoint(Path directory) {
    static final String MANIFEST = "manifest.json";
    static final String MANIFEST_SUM = "manifest.sha256";
    static final String VERIFIED = "verified.json";
    static final String PROVEN = "proven.json";
    static final String HOLD = "hold.json";

    static RestorePoint at(String directory) throws StepFailure {
        var path = Path.of(directory).normalize();
        if (!path.isAbsolute() || path.getNameCount() < 2) {
            throw new StepFailure(
                    FailureKind.INVALID,
                    "the directory of a restore point must be absolute and of its own, not \"" + directory + "\"");
        }
        return new RestorePoint(path);
    }

    String id() {
        return directory.getFileName().toString();
    }

    Path databases() {
        return directory.resolve("database");
    }

    /** Folder of a database's dump. */
    Path dump(String database) {
        return databases().resolve(fileName(database));
    }

    /** What is known about the dump, written once the dump is complete. */
    Path dumpRecord(String database) {
        return databases().resolve(fileName(database) + ".json");
    }

    Path configuration() {
        return directory.resolve("configuration");
    }

    Path modified() {
        return directory.resolve("modified");
    }

    Path models() {
        return directory.resolve("models");
    }

    Path containerData(String service) {
        return directory.resolve("containers").resolve(fileName(service) + ".tar.gz");
    }

    Path manifest() {
        return directory.resolve(MANIFEST);
    }

    Path manifestSum() {
        return directory.resolve(MANIFEST_SUM);
    }

    Path verified() {
        return directory.resolve(VERIFIED);
    }

    Path proven() {
        return directory.resolve(PROVEN);
    }

    Path hold() {
        return directory.resolve(HOLD);
    }

    boolean hasDump(String database) {
        return Files.isDirectory(dump(database), LinkOption.NOFOLLOW_LINKS)
                && Files.isRegularFile(dumpRecord(database));
    }

    /** A database may be called "../x" or ".hidden"; most names stay as they are. */
    static String fileName(String name) {
        var out = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            boolean awkward = b == '/' || b == '%' || (b >= 0 && b < ' ') || (b == '.' && out.isEmpty());
            out.append(awkward ? "%" + String.format("%02X", b) : String.valueOf((char) (b & 0xff)));
        }
        return new String(out.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
