package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/**
 * One file on its way to the store. A large one goes in parts; those that an earlier attempt has sent, and that are what the file has, stay. The
 * object is there whole and as it should be, or not at all.
 */
final class S3Upload {
    /** Larger files are sent in parts of that size, one in memory at a time. */
    static final int PART = 16 << 20;

    /** What S3 takes of one object. */
    private static final int PARTS = 10_000;

    private final S3Store store;
    private final String key;
    private final Path file;
    private final String sha256;

    /** @param sha256 that the file is to have */
    S3Upload(S3Store store, String key, Path file, String sha256) {
        this.store = store;
        this.key = key;
        this.file = file;
        this.sha256 = sha256;
    }

    /**
     * @param goesOn told the bytes that were sent, after each part; false to stop
     * @return whether it is there now
     */
    boolean send(LongPredicate goesOn) throws IOException, StepFailure, InterruptedException {
        long size = Files.size(file);
        if (size > PART) {
            return sendParts(size, goesOn);
        }
        var content = Files.readAllBytes(file);
        require(digest("SHA-256").digest(content));
        put(store, key, content);
        var _ = goesOn.test(content.length); // it is there, whatever the time
        return true;
    }

    /** Of what fits into memory. */
    static void put(S3Store store, String key, byte[] content) throws StepFailure, InterruptedException {
        var sum = digest("SHA-256").digest(content);
        store.call(s3 -> s3.putObject(
                request -> request.bucket(store.bucket())
                        .key(store.full(key))
                        .contentMD5(base64(digest("MD5").digest(content)))
                        .checksumSHA256(base64(sum))
                        .metadata(Map.of(S3Store.SHA256, hex(sum))),
                body(content, content.length)));
    }

    private boolean sendParts(long size, LongPredicate goesOn) throws IOException, StepFailure, InterruptedException {
        S3Store.@Nullable Begun begun = store.uploads(key).get(key);
        boolean isFinal = key.startsWith(StoreKeys.OBJECTS) || key.startsWith(StoreKeys.WAL);
        if (begun != null && !isFinal) { // what it begins as may be another than this
            store.abort(begun);
            begun = null;
        }
        var there = begun == null ? Map.<Integer, S3Store.Part>of() : store.parts(begun);
        var upload = begun == null ? begin() : begun;
        var whole = digest("SHA-256");
        var parts = new ArrayList<CompletedPart>();
        var buffer = new byte[Math.toIntExact(Math.max(PART, -Math.floorDiv(-size, PARTS)))];
        try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            for (int n = in.readNBytes(buffer, 0, buffer.length); n > 0; n = in.readNBytes(buffer, 0, buffer.length)) {
                whole.update(buffer, 0, n);
                int number = parts.size() + 1;
                var part = new Sent(number, n, hex(sum("MD5", buffer, n)), base64(sum("SHA-256", buffer, n)));
                var before = there.get(number);
                boolean goOn = true;
                if (before == null || !part.is(before)) {
                    parts.add(send(upload, part, buffer));
                    goOn = goesOn.test(n);
                } else {
                    parts.add(part.completed(before.etag()));
                    goOn = goesOn.test(0);
                }
                if (!goOn) {
                    return false;
                }
            }
        }
        if (!isRight(whole.digest())) {
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

    private CompletedPart send(S3Store.Begun upload, Sent part, byte[] buffer)
            throws StepFailure, InterruptedException {
        var answer = store.call(s3 -> s3.uploadPart(
                request -> request.bucket(store.bucket())
                        .key(store.full(key))
                        .uploadId(upload.id())
                        .partNumber(part.number())
                        .contentMD5(base64(HexFormat.of().parseHex(part.md5())))
                        .checksumSHA256(part.sha256()),
                body(buffer, part.size())));
        return part.completed(answer.eTag());
    }

    /**
     * A part as the file has it.
     *
     * @param md5 hex, as in an ETag
     * @param sha256 Base64, as in a header
     */
    private record Sent(int number, int size, String md5, String sha256) {
        boolean is(S3Store.Part there) {
            return there.size() == size
                    && (there.sha256() == null
                            ? there.etag().equals(md5)
                            : there.sha256().equals(sha256));
        }

        CompletedPart completed(String etag) {
            return CompletedPart.builder()
                    .partNumber(number)
                    .eTag(etag)
                    .checksumSHA256(sha256)
                    .build();
        }
    }

    private void require(byte[] found) throws StepFailure {
        if (!isRight(found)) {
            throw changed();
        }
    }

    private boolean isRight(byte[] found) {
        return hex(found).equals(sha256);
    }

    private StepFailure changed() {
        return new StepFailure(FailureKind.MISMATCH, file + " is not what its manifest says any more");
    }

    private static RequestBody body(byte[] bytes, int length) {
        return RequestBody.fromContentProvider(
                () -> new ByteArrayInputStream(bytes, 0, length), length, "application/octet-stream");
    }

    static String bare(String etag) {
        return etag.replace("\"", "");
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static byte[] sum(String algorithm, byte[] bytes, int length) {
        var digest = digest(algorithm);
        digest.update(bytes, 0, length);
        return digest.digest();
    }

    /** In hex. */
    static String md5(byte[] bytes) {
        return hex(digest("MD5").digest(bytes));
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has " + algorithm, e);
        }
    }
}
