package io.freedom.rollback.backup;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.apache.commons.io.input.BoundedInputStream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.ContentStreamProvider;

/** A part of a file as what a request sends: read anew for each attempt, and never in memory. */
final class FileSlice implements ContentStreamProvider, AutoCloseable {
    private final Path file;
    private final long from;
    private final int size;
    private volatile @Nullable InputStream open;

    FileSlice(Path file, long from, int size) {
        this.file = file;
        this.from = from;
        this.size = size;
    }

    static InputStream read(Path file, long from, int size) throws IOException {
        var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
        try {
            in.skipNBytes(from);
            return BoundedInputStream.builder()
                    .setInputStream(in)
                    .setMaxCount(size)
                    .get();
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    @Override
    public InputStream newStream() {
        try {
            close();
            var stream = read(file, from, size);
            open = stream;
            return stream;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        if (open != null) {
            open.close();
        }
    }
}
