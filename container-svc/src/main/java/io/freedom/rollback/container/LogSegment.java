package io.freedom.rollback.container;

import io.freedom.rollback.vault.Vault;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file of log lines that is being written, as Kubernetes writes logs (CRI): {@code TIME stdout|stderr F|P TEXT}, P for a part of a line
 * that goes on in the next.
 */
final class LogSegment implements AutoCloseable {
    /** Bytes before compression: what a killed worker has to do again, and what goes at once beyond the bound. */
    private static final long LARGEST = 32L << 20;

    private final Path file;
    private final String hour;
    private final OutputStream out;
    private long bytes;
    private boolean counts;

    private LogSegment(Path file, String hour, OutputStream out) {
        this.file = file;
        this.hour = hour;
        this.out = out;
    }

    /** Nothing of it is ever in clear, where that is what the vault is for. */
    static LogSegment begin(Path file, String hour, Vault vault) throws IOException {
        var partial = LogFiles.partial(file);
        Files.deleteIfExists(partial);
        return new LogSegment(
                file, hour, vault.pack(Vault.plain(partial), file.getFileName().toString()));
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
        if (!counts) {
            try {
                out.close();
            } catch (IOException _) {
                // What a full disk did not take goes now.
            }
            Files.deleteIfExists(LogFiles.partial(file));
        }
    }
}
