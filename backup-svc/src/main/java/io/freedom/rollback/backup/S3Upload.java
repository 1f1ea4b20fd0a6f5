package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/**
 * One file on its way to the store. A large one goes in parts; those that an earlier attempt has sent, and that are what the file has, stay. The
 * object is there whole and as it should be, or not at all.
 */
final class S3Upload {
    /** Larger files are sent in parts of that size, or of larger ones where those would be more than a store takes. */
    static final int PART = 16 << 20;

    private static final String TYPE = "application/octet-stream";

    private final S3Store store;
    private final String key;
    private final Path file;
    private final String sha256;
    private final FileSums sums;

    /** @param sha256 that the file is to have */
    S3Upload(S3Store store, String key, Path file, String sha256) throws IOException {
        this(store, key, file, sha256, FileSums.of(file));
    }

    /** @param sums of the file, as far as it was read; read further where it was not */
    S3Upload(S3Store store, String key, Path file, String sha256, FileSums sums) {
        this.store = store;
        this.key = key;
        this.file = file;
        this.sha256 = sha256;
        this.sums = sums;
    }

    /** Asked after each part. */
    interface Progress {
        /**
         * @param sent bytes that were sent just now
         * @param there bytes of the file that the store has now
         * @return false to stop
         */
        boolean goesOn(int sent, long there);
    }

    /** @return whether it is there now */
    boolean send(Progress progress) throws IOException, StepFailure, InterruptedException {
        if (sums.size() > PART) {
            return sendParts(progress);
        }
        var content = Files.readAllBytes(file);
        if (!Sha256.hex(Sha256.digest().digest(content)).equals(sha256)) {
            throw changed();
        }
        put(store, key, content);
        var _ = progress.goesOn(content.length, content.length); // it is there, whatever the time
        return true;
    }

    /** Of what fits into memory. */
    static void put(S3Store store, String key, byte[] content) throws StepFailure, InterruptedException {
        var sum = Sha256.digest().digest(content);
        store.call(s3 -> s3.putObject(
                request -> request.bucket(store.bucket())
                        .key(store.full(key))
                        .contentMD5(base64(FileSums.md5().digest(content)))
                        .checksumSHA256(base64(sum))
                        .metadata(Map.of(S3Store.SHA256, Sha256.hex(sum))),
                RequestBody.fromContentProvider(() -> new ByteArrayInputStream(content), content.length, TYPE)));
    }

    private boolean sendParts(Progress progress) throws IOException, StepFailure, InterruptedException {
        S3Store.@Nullable Begun begun = store.uploads(key).get(key);
        boolean isFinal = key.startsWith(StoreKeys.OBJECTS) || key.startsWith(StoreKeys.WAL);
        if (begun != null && !isFinal) { // what it begins as may be another than this
            store.abort(begun);
            begun = null;
        }
        var there = begun == null ? Map.<Integer, S3Store.Part>of() : store.parts(begun);
        var upload = begun == null ? begin() : begun;
        var parts = new ArrayList<CompletedPart>();
        for (int number = 1; number <= sums.count(); number++) {
            boolean known = sums.has(number);
            var part = known ? sums.part(number) : sums.next();
            var before = there.get(number);
            if (before != null && isThere(part, before)) {
                parts.add(completed(part, before.etag()));
                if (!known && !progress.goesOn(0, part.end())) {
                    return false;
                }
                continue;
            }
            if (known && !sums.isStill(part)) {
                store.abort(upload);
                throw changed();
            }
            parts.add(send(upload, part));
            if (!progress.goesOn(part.size(), part.end()) && number < sums.count()) {
                return false;
            }
        }
        if (!sums.sha256().equals(sha256)) {
            store.abort(upload);
            throw changed();
        }
        store.call(s3 -> s3.completeMultipartUpload(request -> request.bucket(store.bucket())
                .key(store.full(key))
                .uploadId(upload.id())
                .multipartUpload(all -> all.parts(parts))));
        return true;
    }

    private S3Store.Begun begin() throws StepFailure, InterruptedException {
        var id = store.call(s3 -> s3.createMultipartUpload(request -> request.bucket(store.bucket())
                        .key(store.full(key))
                        .checksumAlgorithm(ChecksumAlgorithm.SHA256)
                        .metadata(Map.of(S3Store.SHA256, sha256))))
                .uploadId();
        return new S3Store.Begun(key, id, Instant.EPOCH);
    }

    private CompletedPart send(S3Store.Begun upload, FileSums.Part part)
            throws IOException, StepFailure, InterruptedException {
        try (var slice = new FileSlice(file, part.from(), part.size())) {
            var answer = store.call(s3 -> s3.uploadPart(
                    request -> request.bucket(store.bucket())
                            .key(store.full(key))
                            .uploadId(upload.id())
                            .partNumber(part.number())
                            .contentMD5(base64(HexFormat.of().parseHex(part.md5())))
                            .checksumSHA256(part.sha256()),
                    RequestBody.fromContentProvider(slice, part.size(), TYPE)));
            return completed(part, answer.eTag());
        }
    }

    private static boolean isThere(FileSums.Part part, S3Store.Part there) {
        return there.size() == part.size()
                && (there.sha256() == null
                        ? there.etag().equals(part.md5())
                        : there.sha256().equals(part.sha256()));
    }

    private static CompletedPart completed(FileSums.Part part, String etag) {
        return CompletedPart.builder()
                .partNumber(part.number())
                .eTag(etag)
                .checksumSHA256(part.sha256())
                .build();
    }

    private StepFailure changed() {
        return new StepFailure(FailureKind.MISMATCH, file + " is not what its manifest says any more");
    }

    static String bare(String etag) {
        return etag.replace("\"", "");
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** In hex. */
    static String md5(byte[] bytes) {
        return Sha256.hex(FileSums.md5().digest(bytes));
    }
}
