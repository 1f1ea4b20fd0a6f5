package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.KeyException;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a restore point holds.
 *
 * @param format version of this file's layout
 * @param id last element of the restore point's directory
 * @param takenBy scenario; null where an older release wrote it
 * @param distrust why it serves analysis only, never a restore; null where it may be restored
 * @param database the platform's; null when no database belongs to it
 * @param files ordered by path
 * @param others further databases of its server; empty where an older release wrote it
 * @param oneMoment whether all databases are as they were at one and the same moment; null where there is but one
 * @param leftOut databases of the server that are not in it, each with the reason
 * @param parts when the content of its archives was read; empty where an older release wrote it. Of a database its dump says it
 * @param images what the platform's containers ran; empty where nobody recorded that
 */
record Manifest(
        int format,
        String id,
        String platform,
        Instant createdAt,
        @Nullable String takenBy,
        @Nullable String distrust,
        @Nullable DumpRecord database,
        List<Entry> files,
        List<DumpRecord> others,
        @Nullable Boolean oneMoment,
        List<String> leftOut,
        List<Part> parts,
        List<Image> images) {
    static final int FORMAT = 2;
    /** Of what is damaged. */
    private static final String MENDED = "; if its data are whole, `rollbackctl backups import PLATFORM` mends it";
    /** Before, nothing was signed. */
    private static final int SIGNED = 2;

    /** Written after the manifest, or by it. */
    private static final Set<String> ABOUT = Set.of(
            RestorePoint.MANIFEST,
            RestorePoint.MANIFEST_SUM,
            RestorePoint.SIGNATURE,
            RestorePoint.VERIFIED,
            RestorePoint.PROVEN,
            RestorePoint.HOLD);

    Manifest {
        files = List.copyOf(files);
        others = others == null ? List.of() : List.copyOf(others);
        leftOut = leftOut == null ? List.of() : List.copyOf(leftOut);
        parts = parts == null ? List.of() : List.copyOf(parts);
        images = images == null ? List.of() : List.copyOf(images);
    }

    /**
     * What is of no single moment: each of its files is as it was at some moment in between.
     *
     * @param name configuration, modified, models, or data/ and a service
     */
    record Part(String name, Instant begun, Instant ended) {}

    /**
     * What a service ran.
     *
     * @param image name that its container was made from
     * @param id sha256:…, which the engine has it by
     * @param digests by which registries have it, e.g. "postgres@sha256:…"; empty where it was built here, and where the engine did not tell
     */
    record Image(String service, String image, String id, List<String> digests) {
        Image {
            digests = List.copyOf(digests);
        }
    }

    /** The platform's database first; empty when no database belongs to it. */
    List<DumpRecord> dumps() {
        return database == null
                ? List.of()
                : Stream.concat(Stream.of(database), others.stream()).toList();
    }

    /** What of it is put back: not what the platform leaves alone by now. */
    List<DumpRecord> restored(Database platform) {
        return dumps().stream()
                .filter(dump -> !platform.getExcept().contains(dump.database()))
                .toList();
    }

    /** Names of the databases, the platform's first. */
    List<String> databases() {
        return dumps().stream().map(DumpRecord::database).toList();
    }

    /**
     * One file.
     *
     * @param path relative to the restore point, with slashes
     * @param size bytes; of a link, of its target's name
     * @param sha256 of the content; of a link, of its target's name
     * @param link target of a symbolic link; null for a file
     */
    record Entry(
            String path, long size, String sha256, @Nullable String link) {
        private static final Pattern OBJECT = Pattern.compile("[0-9a-f]{64}(\\.zst)?(\\.age)?");

        static Entry read(Path root, Path file, Progress progress) throws IOException {
            var path = root.relativize(file).toString();
            if (Files.isSymbolicLink(file)) {
                var target = Files.readSymbolicLink(file).toString();
                return new Entry(path, target.length(), Sha256.of(target), target);
            }
            var sum = Sha256.of(file, n -> progress.read(n, path));
            return new Entry(path, Files.size(file), sum, null);
        }

        /** Where its name is its hash, it need not be read to be written down: that is seen when it is read back. */
        static Entry note(Path root, Path file, Progress progress) throws IOException {
            var path = root.relativize(file).toString();
            var name = String.valueOf(file.getFileName());
            return path.startsWith(RestorePoint.OBJECTS + "/")
                            && OBJECT.matcher(name).matches()
                    ? new Entry(path, Files.size(file), name.substring(0, 64), null)
                    : read(root, file, progress);
        }
    }

    long bytes() {
        return files.stream().mapToLong(Entry::size).sum();
    }

    /** Those whose paths begin so. */
    List<Entry> below(String prefix) {
        return files.stream().filter(entry -> entry.path().startsWith(prefix)).toList();
    }

    /** Everything below the restore point that a manifest covers, ordered by path. */
    static List<Path> covered(Path root) throws IOException {
        try (var all = Files.walk(root)) {
            return all.filter(file -> !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                    .filter(file -> !ABOUT.contains(root.relativize(file).toString()))
                    .filter(file -> !isUnfinished(root.relativize(file)))
                    .sorted((a, b) -> a.toString().compareTo(b.toString()))
                    .toList();
        }
    }

    static boolean isUnfinished(Path relative) {
        for (var part : relative) {
            if (part.toString().startsWith(Staging.PREFIX)) {
                return true;
            }
        }
        return false;
    }

    /** Who has signed the text of the manifest. */
    record Signed(@Nullable String signer, @Nullable String signature) {}

    /** Writes the manifest, signed by the current key. */
    void write(RestorePoint point, Vault vault) throws IOException {
        var text = Json.text(this);
        PrivateFiles.write(point.manifest(), text);
        sign(point, text, vault);
        // Last: without it there is no restore point.
        PrivateFiles.write(point.manifestSum(), sumOf(text));
    }

    /** As sha256sum writes it. */
    static String sumOf(String text) {
        return Sha256.of(text) + "  " + RestorePoint.MANIFEST + "\n";
    }

    private static void requireSigned(Manifest manifest, String text, RestorePoint point, Vault vault)
            throws IOException, StepFailure {
        var signature = Files.isRegularFile(point.signature()) ? Files.readString(point.signature()) : null;
        manifest.requireSigned(point.manifest(), text, signature, vault);
    }

    /**
     * @param name where it is
     * @param signature content of its {@link RestorePoint#SIGNATURE}; null for none
     * @throws KeyException where its signer is not known
     * @throws StepFailure PRECONDITION where it may be signed yet; MISMATCH where somebody changed it
     */
    void requireSigned(Path name, String text, @Nullable String signature, Vault vault)
            throws IOException, StepFailure {
        if (signature == null) {
            throw format < SIGNED
                    ? new StepFailure(
                            FailureKind.PRECONDITION,
                            "%s is not signed: an older release has taken it, or somebody wants to make it look so; if you trust it, `rollback-backups sign %s`"
                                    .formatted(name, name.getParent()))
                    : new StepFailure(
                            FailureKind.MISMATCH,
                            "%s is not signed, and was when it was written: do not restore from it; see who removed %s%s"
                                    .formatted(name, RestorePoint.SIGNATURE, MENDED));
        }
        var signed = signed(signature, name.resolveSibling(RestorePoint.SIGNATURE));
        var keys = vault.keys();
        if (ManifestSigner.all(keys).stream().noneMatch(signer -> signer.id().equals(signed.signer()))) {
            throw new KeyException(
                    "%s is signed by %s, and that is none of the keys in %s: add the key file that was in use then, or do not restore from it%s"
                            .formatted(name, signed.signer(), keys.file(), MENDED));
        }
        if (!ManifestSigner.verify(String.valueOf(signed.signer()), text, String.valueOf(signed.signature()))) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "%s is not what was signed: somebody changed it; do not restore from it%s".formatted(name, MENDED));
        }
    }

    private static Signed signed(String signature, Path file) throws StepFailure {
        try {
            var signed = Json.parse(signature, file, Signed.class);
            if (signed.signer() != null && signed.signature() != null) {
                return signed;
            }
        } catch (IOException e) {
            throw new StepFailure(FailureKind.MISMATCH, file + " cannot be read any more: it was changed" + MENDED, e);
        }
        throw new StepFailure(FailureKind.MISMATCH, file + " holds no signature any more: it was changed" + MENDED);
    }

    /** Signs a manifest of a release that did not: somebody trusts it. */
    static Manifest sign(RestorePoint point, Vault vault) throws IOException, StepFailure {
        var text = text(point);
        sign(point, text, vault);
        return load(point, vault);
    }

    private static void sign(RestorePoint point, String text, Vault vault) throws IOException {
        var signer = ManifestSigner.of(vault.keys().current());
        PrivateFiles.write(point.signature(), Json.text(new Signed(signer.id(), signer.sign(text))));
    }

    /** As it is on disk, after comparing it with its own hash. */
    static String text(RestorePoint point) throws IOException, StepFailure {
        if (!Files.isRegularFile(point.manifest()) || !Files.isRegularFile(point.manifestSum())) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "%s has no %s: it is no complete restore point, choose another%s"
                            .formatted(point.directory(), RestorePoint.MANIFEST, MENDED));
        }
        try {
            var text = Files.readString(point.manifest());
            if (Files.readString(point.manifestSum()).startsWith(Sha256.of(text))) {
                return text;
            }
        } catch (CharacterCodingException e) {
            throw new DamagedException(point.manifest() + " or its hash is no text any more" + MENDED, e);
        }
        throw new StepFailure(
                FailureKind.MISMATCH,
                "%s was changed after it was written (its hash is not the one in %s): use another restore point%s"
                        .formatted(point.manifest(), RestorePoint.MANIFEST_SUM, MENDED));
    }

    /** The manifest of a restore point, after comparing it with its own hash and its signature. */
    static Manifest load(RestorePoint point, Vault vault) throws StepFailure {
        try {
            var text = text(point);
            var manifest = Json.parse(text, point.manifest(), Manifest.class);
            requireSigned(manifest, text, point, vault);
            if (!manifest.id().equals(point.id())) {
                throw new StepFailure(
                        FailureKind.MISMATCH,
                        "%s is restore point %s under another name: give the folder its own, or choose another restore point"
                                .formatted(point.directory(), manifest.id()));
            }
            return manifest;
        } catch (IOException e) {
            throw Disk.failure(point.manifest(), e);
        }
    }

    /** Bytes read so far, reported and open to cancellation. */
    static final class Progress {
        private final StepContext step;
        private final long total;
        private long done;

        Progress(StepContext step, long total) {
            this.step = step;
            this.total = total;
        }

        void read(long bytes, String path) {
            step.checkpoint();
            done += bytes;
            step.progress(done, total, "bytes", path);
        }
    }
}
