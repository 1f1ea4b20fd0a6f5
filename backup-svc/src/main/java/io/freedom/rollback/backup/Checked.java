package io.freedom.rollback.backup;

import io.freedom.rollback.vault.DamagedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.MessageDigest;

/** Content that must have a certain hash: its end is only told where it has. */
final class Checked extends FilterInputStream {
    private final MessageDigest digest = Sha256.digest();
    private final Path file;
    private final String sha256;
    private boolean ended;

    Checked(InputStream in, Path file, String sha256) {
        super(in);
        this.file = file;
        this.sha256 = sha256;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int n = in.read(buffer, offset, length);
        if (n > 0) {
            digest.update(buffer, offset, n);
        } else if (n < 0 && !ended) {
            ended = true;
            if (!Sha256.hex(digest.digest()).equals(sha256)) {
                throw new DamagedException(file + " holds something else than what was kept in it");
            }
        }
        return n;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
