package io.freedom.rollback.backup;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The small files that describe a restore point, manifest, signature and notes, as they go to the catalogue. */
final class Papers {
    private static final Logger LOG = LoggerFactory.getLogger(Papers.class);
    private static final List<String> NOTES =
            List.of(RestorePoint.SIGNATURE, RestorePoint.VERIFIED, RestorePoint.PROVEN, RestorePoint.HOLD);
    /** Bytes, compressed, of a piece: a record of 1 MiB, which brokers take by default, holds the notes as well. */
    static final int PIECE = 900_000;
    /** A note has some hundred bytes. */
    private static final int LARGEST_NOTE = 64 << 10;
    /** More than that no restore point's manifest has. */
    private static final long UNPACKED = 1L << 28;

    private static final int LEVEL = 9;

    private Papers() {}

    /**
     * Tells the catalogue, where the restore point was read back and its manifest is as it was then. Otherwise that keeps what was
     * whole.
     *
     * @return what is to be said about it, for a step's detail; mostly nothing
     */
    static String report(RestorePoint point, Vault vault, Instant now, StepContext step) {
        try {
            var manifest = Manifest.load(point, vault);
            var verifiedAt = verifiedAt(point, Sha256.of(Manifest.text(point)));
            if (verifiedAt.isPresent()) {
                requireNotes(point);
                var papers = read(point, manifest, verifiedAt.get(), now);
                records(papers).forEach(step::report);
                return papers.getManifest() == null ? "; " + tooLarge(papers) : "";
            }
        } catch (StepFailure e) {
            return ""; // Whoever reads it for a purpose says what is wrong with it.
        } catch (IOException e) {
            LOG.warn("{}: the catalogue is not told: {}", point.directory(), e.getMessage());
            return "; the catalogue keeps what it knows of it: " + e.getMessage();
        }
        return "";
    }

    /** The catalogue may have those that are damaged here, and `backups import` brings them back. */
    private static void requireNotes(RestorePoint point) throws IOException {
        if (Files.exists(point.hold())) {
            var _ = Json.read(point.hold(), Hold.class);
        }
        if (Files.exists(point.proven())) {
            var _ = Json.read(point.proven(), Proof.class);
        }
    }

    /** When it was last read back whole with the manifest of this hash; empty also where the note of it is damaged. */
    static Optional<Instant> verifiedAt(RestorePoint point, String manifestSha256) {
        return note(point.verified(), Verification.class)
                .filter(it -> manifestSha256.equals(it.manifestSha256()))
                .map(Verification::verifiedAt);
    }

    static CataloguedRestorePoint read(RestorePoint point, Manifest manifest, Instant verifiedAt, Instant now)
            throws IOException, StepFailure {
        var text = Manifest.text(point);
        var sum = Sha256.of(text);
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        var packed = Zstd.compress(bytes, LEVEL);
        var papers = CataloguedRestorePoint.newBuilder()
                .setPlatform(manifest.platform())
                .setRestorePoint(found(point, manifest, sum, verifiedAt))
                .setAt(now)
                .setManifestSha256(sum)
                .setManifestSize(bytes.length)
                .setNotes(notes(point));
        return packed.length > PIECE * TopicCatalogue.MANIFEST_PIECES
                ? papers.build()
                : papers.setManifest(ByteBuffer.wrap(packed)).build();
    }

    /** As they go to the catalogue, each in a record: what an older release can read is the last. */
    static List<CataloguedRestorePoint> records(CataloguedRestorePoint papers) {
        var manifest = papers.getManifest();
        if (manifest == null || manifest.remaining() <= PIECE) {
            return List.of(papers);
        }
        var records = new ArrayList<CataloguedRestorePoint>();
        for (int from = 0; from < manifest.remaining(); from += PIECE) {
            var piece = manifest.slice(manifest.position() + from, Math.min(PIECE, manifest.remaining() - from));
            records.add(CataloguedRestorePoint.newBuilder(papers)
                    .setManifest(piece)
                    .setNotes(Map.of())
                    .setPiece(records.size() + 1)
                    .build());
        }
        records.add(CataloguedRestorePoint.newBuilder(papers)
                .clearManifest()
                .setPieces(records.size())
                .build());
        return records;
    }

    /** What the records of the catalogue say, by key: of each restore point all in one. Where a piece is missing, or of another manifest, it has none. */
    static Map<String, CataloguedRestorePoint> joined(Map<String, CataloguedRestorePoint> records) {
        var joined = new HashMap<String, CataloguedRestorePoint>();
        records.forEach((key, record) -> {
            if (record.getPiece() == 0) {
                joined.put(key, joined(key, record, records));
            }
        });
        return joined;
    }

    private static CataloguedRestorePoint joined(
            String key, CataloguedRestorePoint head, Map<String, CataloguedRestorePoint> records) {
        var joined = new ByteArrayOutputStream();
        for (int number = 1; number <= head.getPieces(); number++) {
            var piece = records.get(key + "/" + number);
            if (piece == null || !piece.getManifestSha256().equals(head.getManifestSha256())) {
                return head;
            }
            var part = Objects.requireNonNull(piece.getManifest(), "a piece is cut from a manifest");
            joined.writeBytes(bytes(part));
        }
        return head.getPieces() == 0
                ? head
                : CataloguedRestorePoint.newBuilder(head)
                        .setManifest(ByteBuffer.wrap(joined.toByteArray()))
                        .setPieces(0)
                        .build();
    }

    private static byte[] bytes(ByteBuffer buffer) {
        var bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    static String tooLarge(CataloguedRestorePoint papers) {
        return "its manifest of %s does not fit into %d records, even compressed: it is on disk alone, keep a copy of it"
                .formatted(Disk.size(papers.getManifestSize()), TopicCatalogue.MANIFEST_PIECES);
    }

    private static Map<String, String> notes(RestorePoint point) throws IOException {
        var notes = new HashMap<String, String>();
        for (var name : NOTES) {
            var file = point.directory().resolve(name);
            text(file).ifPresent(text -> notes.put(name, text));
        }
        // Import would take what is damaged for what is to be put back.
        if (note(point.hold(), Hold.class).isEmpty()) {
            notes.remove(RestorePoint.HOLD);
        }
        if (note(point.proven(), Proof.class).isEmpty()) {
            notes.remove(RestorePoint.PROVEN);
        }
        return notes;
    }

    private static Optional<String> text(Path file) throws IOException {
        try {
            return Files.isRegularFile(file) && Files.size(file) <= LARGEST_NOTE
                    ? Optional.of(Files.readString(file))
                    : Optional.empty();
        } catch (CharacterCodingException e) {
            return Optional.empty(); // It is none of ours any more.
        }
    }

    private static FoundRestorePoint found(RestorePoint point, Manifest manifest, String sum, Instant verifiedAt) {
        var dumped = manifest.database();
        var proof = note(point.proven(), Proof.class).filter(it -> sum.equals(it.manifestSha256()));
        return FoundRestorePoint.newBuilder()
                .setRestorePointId(point.id())
                .setDirectory(point.directory().toString())
                .setTakenAt(manifest.createdAt())
                .setTakenBy(manifest.takenBy() == null ? "unknown" : manifest.takenBy())
                .setFiles(manifest.files().size())
                .setBytes(manifest.bytes())
                .setServerVersion(dumped == null ? null : dumped.serverVersion())
                .setVerifiedAt(verifiedAt)
                .setProvenAt(
                        proof.filter(it -> it.fault() == null).map(Proof::at).orElse(null))
                .setHeldUntil(note(point.hold(), Hold.class).map(Hold::until).orElse(null))
                .setFault(proof.map(Proof::fault).orElse(null))
                .setDistrust(distrust(manifest))
                .setDatabases(manifest.databases())
                .build();
    }

    /** Empty also where it is damaged: that is not the restore point's fault. */
    static <T> Optional<T> note(Path file, Class<T> type) {
        try {
            return Files.exists(file) ? Optional.of(Json.read(file, type)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static @Nullable String distrust(Manifest manifest) {
        return manifest.takenBy() == null ? "an older release took it, and did not note for what" : manifest.distrust();
    }

    /** The text of the manifest that the catalogue has; whether it is signed is another question. */
    static String manifest(CataloguedRestorePoint papers) throws StepFailure {
        var packed = papers.getManifest();
        if (packed == null && papers.getPieces() > 0) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the catalogue has not all %d pieces of its manifest".formatted(papers.getPieces()));
        }
        if (packed == null) {
            throw new StepFailure(FailureKind.PRECONDITION, tooLarge(papers));
        }
        if (papers.getManifestSize() > UNPACKED) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "it says that it has " + Disk.size(papers.getManifestSize()) + " of manifest");
        }
        try {
            var unpacked = Zstd.decompress(bytes(packed), Math.toIntExact(papers.getManifestSize()));
            var text = new String(unpacked, StandardCharsets.UTF_8);
            if (Sha256.of(text).equals(papers.getManifestSha256())) {
                return text;
            }
        } catch (ZstdException e) {
            throw new StepFailure(FailureKind.MISMATCH, "its manifest cannot be unpacked: " + e.getMessage(), e);
        }
        throw new StepFailure(FailureKind.MISMATCH, "its manifest is not what was catalogued");
    }
}
