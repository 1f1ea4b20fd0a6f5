package io.freedom.rollback.git;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.DeflaterOutputStream;
import org.eclipse.jgit.diff.DiffEntry;
import org.eclipse.jgit.diff.DiffFormatter;
import org.eclipse.jgit.lib.AbbreviatedObjectId;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.patch.FileHeader;
import org.eclipse.jgit.util.Base85;

/** {@code git diff --binary} by JGit, whose own formatter writes "Binary files differ" where the bytes should be. */
final class BinaryPatch extends DiffFormatter {
    private static final int BYTES_A_LINE = 52;

    private final Repository repository;

    BinaryPatch(Repository repository, OutputStream out) {
        super(out);
        this.repository = repository;
        setRepository(repository);
        setAbbreviationLength(Constants.OBJECT_ID_STRING_LENGTH);
        setDetectRenames(false);
    }

    void write(ObjectId from, ObjectId to) throws IOException {
        for (var entry : scan(from, to)) {
            if (toFileHeader(entry).getPatchType() == FileHeader.PatchType.UNIFIED) {
                format(entry);
            } else {
                binary(entry);
            }
        }
        flush();
    }

    private void binary(DiffEntry entry) throws IOException {
        var header = new ByteArrayOutputStream();
        formatGitDiffFirstHeaderLine(header, entry.getChangeType(), entry.getOldPath(), entry.getNewPath());
        switch (entry.getChangeType()) {
            case ADD -> line(header, "new file mode " + mode(entry.getNewMode()));
            case DELETE -> line(header, "deleted file mode " + mode(entry.getOldMode()));
            case MODIFY -> {
                if (!entry.getOldMode().equals(entry.getNewMode())) {
                    line(header, "old mode " + mode(entry.getOldMode()));
                    line(header, "new mode " + mode(entry.getNewMode()));
                }
            }
            case RENAME, COPY -> throw new IllegalStateException("renames are not looked for");
        }
        line(header, "index " + name(entry.getOldId()) + ".." + name(entry.getNewId()));
        line(header, "GIT binary patch");
        literal(header, entry.getNewMode(), entry.getNewId());
        literal(header, entry.getOldMode(), entry.getOldId());
        header.writeTo(getOutputStream());
    }

    private void literal(ByteArrayOutputStream out, FileMode mode, AbbreviatedObjectId id) throws IOException {
        var content = mode == FileMode.MISSING
                ? new byte[0]
                : repository.open(id.toObjectId(), Constants.OBJ_BLOB).getBytes(Integer.MAX_VALUE);
        var deflated = new ByteArrayOutputStream();
        try (var deflater = new DeflaterOutputStream(deflated)) {
            deflater.write(content);
        }
        line(out, "literal " + content.length);
        var bytes = deflated.toByteArray();
        for (int from = 0; from < bytes.length; from += BYTES_A_LINE) {
            int length = Math.min(BYTES_A_LINE, bytes.length - from);
            out.write(length <= 26 ? 'A' + length - 1 : 'a' + length - 27);
            out.write(Base85.encode(bytes, from, length));
            out.write('\n');
        }
        out.write('\n');
    }

    private static String name(AbbreviatedObjectId id) {
        return id.name();
    }

    private static String mode(FileMode mode) {
        return String.format("%06o", mode.getBits());
    }

    private static void line(ByteArrayOutputStream out, String text) throws IOException {
        out.write((text + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
