package io.freedom.rollback.container;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.zip.GZIPOutputStream;

/**
 * A file of log lines that is being written, as Kubernetes writes logs (CRI): {@code TIME stdout|stderr F|P TEXT}, P for a part of a line
 * that goes on in the next.
 */
final class LogSegment implements AutoCloseable {
    /** Bytes before compression: what a killed worker has to do again, and what goes at once beyond the bound. */
    private static final long LARGEST = 32L << 20;

    private static final int BUFFER = 64 << 10;

    private final Path file;
    private final String hour;
    private final FileChannel channel;
    private final OutputStream out;
    private long bytes;
    private boolean counts;

    private LogSegment(Path file, String hour, FileChannel channel) throws IOException {
        this.file = file;
        this.hour = hour;
        this.channel = channel;
        this.out = new BufferedOutputStream(new GZIPOutputStream(Channels.newOutputStream(channel), BUFFER), BUFFER);
    }

    static LogSegment begin(Path file, String hour) throws IOException {
        var partial = LogFiles.partial(file);
        Files.deleteIfExists(partial);
        var channel = FileChannel.open(
                partial, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), LogFiles.PRIVATE);
        return new LogSegment(file, hour, channel);
    }

    /** Of an entry: {@code 2026-11-26T13Z}. */
    static String hour(String stamp) {
        return stamp.substring(0, 13) + "Z";
    }

    boolean takes(String stamp) {
        return hour(stamp).equals(hour) && bytes < LARGEST;
    }

    void write(String stamp, boolean stderr, boolean complete, byte[] text) throws IOException {
        var head = (stamp + (stderr ? " stderr " : " stdout ") + (complete ? "F " : "P "))
                .getBytes(StandardCharsets.US_ASCII);
        out.write(head);
        out.write(text);
        out.write('\n');
        bytes += head.length + text.length + 1;
    }

    Path file() {
        return file;
    }

    /** Whole and on disk, under the name that counts for nothing. */
    void finish() throws IOException {
        out.close();
        LogFiles.force(LogFiles.partial(file));
    }

    /** Its position was written. */
    void counts() {
        counts = true;
    }

    /** Nothing is left of what does not count. */
    @Override
    public void close() throws IOException {
        channel.close();
        if (!counts) {
            Files.deleteIfExists(LogFiles.partial(file));
        }
    }
}
