package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Sums of a large file and of the parts that it is sent in, as far as it was read. Kept between looks: what is known is not read again, so that a file of
 * any size comes to its end, however short each look is.
 */
final class FileSums {
    /** What S3 takes of one object. */
    private static final int PARTS = 10_000;

    private final Path file;
    private final long size;
    private final long changed;
    private final int partSize;
    private final MessageDigest whole = Sha256.digest();
    private final List<Part> parts = new ArrayList<>();
    private boolean torn;
    private @Nullable String sha256;

    private FileSums(Path file, long size, long changed) {
        this.file = file;
        this.size = size;
        this.changed = changed;
        partSize = Math.toIntExact(Math.max(S3Upload.PART, -Math.floorDiv(-size, PARTS)));
    }

    /** Nothing of it is read. */
    static FileSums of(Path file) throws IOException {
        return new FileSums(
                file, Files.size(file), Files.getLastModifiedTime(file).toMillis());
    }

    /**
     * A part as the file had it.
     *
     * @param number from 1 on
     * @param from bytes of the file before it
     * @param md5 hex, as in an ETag
     * @param sha256 Base64, as in a header
     */
    record Part(int number, long from, int size, String md5, String sha256) {
        long end() {
            return from + size;
        }
    }

    /** Whether these may be gone on with, for the file is as it was when it was read. */
    boolean areOf(Path file) throws IOException {
        return !torn
                && this.file.equals(file)
                && Files.size(file) == size
                && Files.getLastModifiedTime(file).toMillis() == changed;
    }

    long size() {
        return size;
    }

    int count() {
        return Math.toIntExact(-Math.floorDiv(-size, (long) partSize));
    }

    boolean has(int number) {
        return number <= parts.size();
    }

    /** One that is known. */
    Part part(int number) {
        return parts.get(number - 1);
    }

    private long read() {
        return parts.isEmpty() ? 0 : parts.getLast().end();
    }

    /**
     * Reads what is not read yet.
     *
     * @param goesOn told how many bytes of the file are, after each part; false to stop
     * @return whether all is
     */
    boolean readOn(LongPredicate goesOn) throws IOException, StepFailure {
        while (!has(count())) {
            var _ = next();
            if (!goesOn.test(read())) {
                return has(count());
            }
        }
        return true;
    }

    /** Reads the first part that is not known. */
    Part next() throws IOException, StepFailure {
        torn = true; // until the part is read to its end
        var part = read(parts.size() + 1, whole);
        parts.add(part);
        torn = false;
        return part;
    }

    /** Whether the file still has what it had. */
    boolean isStill(Part part) throws IOException, StepFailure {
        return read(part.number(), null).equals(part);
    }

    private Part read(int number, @Nullable MessageDigest whole) throws IOException, StepFailure {
        long from = (long) (number - 1) * partSize;
        int length = Math.toIntExact(Math.min(partSize, size - from));
        var md5 = md5();
        var sum = Sha256.digest();
        var buffer = new byte[1 << 17];
        int done = 0;
        try (var in = FileSlice.read(file, from, length)) {
            for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                md5.update(buffer, 0, n);
                sum.update(buffer, 0, n);
                if (whole != null) {
                    whole.update(buffer, 0, n);
                }
                done += n;
            }
        } catch (EOFException e) {
            done = 0; // it ends before the part begins
        }
        if (done < length) {
            throw new StepFailure(FailureKind.MISMATCH, file + " became shorter while it was read");
        }
        return new Part(
                number,
                from,
                length,
                Sha256.hex(md5.digest()),
                Base64.getEncoder().encodeToString(sum.digest()));
    }

    /** Of all, once that is read. */
    String sha256() {
        if (!has(count())) {
            throw new IllegalStateException(file + " is read up to " + read() + " only");
        }
        if (sha256 == null) {
            sha256 = Sha256.hex(whole.digest());
        }
        return sha256;
    }

    static MessageDigest md5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has MD5", e);
        }
    }
}
