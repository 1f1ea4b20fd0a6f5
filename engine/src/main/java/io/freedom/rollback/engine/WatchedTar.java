package io.freedom.rollback.engine;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.LongConsumer;

/** Counts a tar stream and remembers how it ended: a complete one ends with two blocks of zeros. */
final class WatchedTar extends FilterInputStream {
    private static final int TRAILER = 1024;

    private final LongConsumer progress;
    private long bytes;
    private long zeros;

    WatchedTar(InputStream in, LongConsumer progress) {
        super(in);
        this.progress = progress;
    }

    long bytes() {
        return bytes;
    }

    /** Reads what is left and tells whether the end is that of a tar archive. */
    boolean isComplete() throws IOException {
        transferTo(OutputStream.nullOutputStream());
        return zeros >= TRAILER;
    }

    @Override
    public int read() throws IOException {
        int b = super.read();
        if (b >= 0) {
            seen(new byte[] {(byte) b}, 0, 1);
        }
        return b;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int n = super.read(buffer, offset, length);
        if (n > 0) {
            seen(buffer, offset, n);
        }
        return n;
    }

    @Override
    public long skip(long n) throws IOException {
        return n <= 0 ? 0 : Math.max(0, read(new byte[(int) Math.min(n, 65_536)]));
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    private void seen(byte[] buffer, int offset, int n) {
        bytes += n;
        int last = offset + n - 1;
        while (last >= offset && buffer[last] == 0) {
            last--;
        }
        int trailing = offset + n - 1 - last;
        zeros = trailing == n ? zeros + n : trailing;
        progress.accept(bytes);
    }
}
