package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Where the parts of a restore point are, below the rollback's own directory. Complete only with its manifest. */
record RestorePoint(Path directory) {
    static final String MANIFEST = "manifest.json";
    static final String MANIFEST_SUM = "manifest.sha256";
    static final String SIGNATURE = "manifest.sig";
    static final String VERIFIED = "verified.json";
    static final String PROVEN = "proven.json";
    static final String OBJECTS = "objects";
    static final String HOLD = "hold.json";
    private static final String RECORD = ".json";

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
        return databases().resolve(folderName(database));
    }

    /** What is known about the dump, written once the dump is complete. */
    Path dumpRecord(String database) {
        return databases().resolve(folderName(database) + RECORD);
    }

    /** Which databases belong to it; missing where an older release took it. */
    Path dumps() {
        return files().resolve("databases.json");
    }

    Path configuration() {
        return files().resolve("configuration.tar");
    }

    /** Archive of what the check-out overwrites or leaves behind; packed as {@link Vault} says, as the others are. */
    Path modified() {
        return files().resolve("modified.tar");
    }

    /** Names of the files that are in the target and were not in the work tree, a line each. */
    Path deleted() {
        return files().resolve("deleted.txt");
    }

    Path globals() {
        return files().resolve(Globals.FILE);
    }

    Path data() {
        return directory.resolve("data");
    }

    private Path files() {
        return directory.resolve("files");
    }

    Path models() {
        return files().resolve("models.tar");
    }

    Path containerData(String service) {
        return data().resolve(fileName(service) + ".tar");
    }

    /** That a folder of the service's container is not any more what was copied here. */
    Path replaced(String service) {
        return data().resolve(fileName(service) + ".replaced");
    }

    /** What is in an archive by name only, because other restore points have it too. */
    Path object(String name) {
        return directory.resolve(OBJECTS).resolve(name);
    }

    Path signature() {
        return directory.resolve(SIGNATURE);
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

    /** Older releases wrote some names otherwise. */
    private String folderName(String database) {
        var before = fileName(database);
        var name = databaseFileName(database);
        try {
            return !before.equals(name)
                            && Files.isDirectory(databases().resolve(before), LinkOption.NOFOLLOW_LINKS)
                            && Files.isRegularFile(databases().resolve(before + RECORD))
                    ? before
                    : name;
        } catch (InvalidPathException e) {
            return name; // One that this machine's encoding does not have.
        }
    }

    /** In ASCII, whatever the machine's encoding; and "x.json" must not be what is known about "x". */
    static String databaseFileName(String database) {
        var out = new StringBuilder();
        for (byte b : fileName(database).getBytes(StandardCharsets.UTF_8)) {
            out.append(b < 0 || b == 0x7f ? String.format("%%%02X", b) : String.valueOf((char) b));
        }
        var name = out.toString();
        return name.endsWith(RECORD) ? name.substring(0, name.length() - RECORD.length()) + "%2Ejson" : name;
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
