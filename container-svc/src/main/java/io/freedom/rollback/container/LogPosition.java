package io.freedom.rollback.container;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * How far the log of a container is kept: its last entry, and the file with that. To write it is what keeps that file: until then the
 * file counts for nothing, from then on it is given its name, by the next look if not by this one.
 *
 * @param entry the last one
 * @param times how often that was there by then: parts of a long line have one timestamp, and may be the same
 * @param files how many were kept of this container
 * @param file the last of these, relative to the platform's folder
 */
record LogPosition(Entry entry, int times, int files, String file) {
    private static final String VERSION = "1";

    /**
     * Enough of an entry to know it again.
     *
     * @param stamp when the engine got it
     * @param length bytes of its text
     * @param checksum of its text
     */
    record Entry(String stamp, boolean stderr, boolean complete, int length, long checksum) {
        static Entry of(String stamp, boolean stderr, boolean complete, byte[] text) {
            return new Entry(stamp, stderr, complete, text.length, checksum(text, text.length));
        }

        /**
         * Where a terminal's line had no end, the engine gives what came next in the same breath.
         *
         * @return whether this is how that one begins
         */
        boolean begins(String otherStamp, byte[] text) {
            return !complete && stamp.equals(otherStamp) && text.length > length && checksum(text, length) == checksum;
        }

        private static long checksum(byte[] text, int length) {
            var checksum = new CRC32C();
            checksum.update(text, 0, length);
            return checksum.getValue();
        }
    }

    static Optional<LogPosition> read(Path path) throws IOException {
        try {
            var fields = Files.readString(path, StandardCharsets.UTF_8).strip().split(" ", 9);
            if (fields.length < 9 || !fields[0].equals(VERSION)) {
                throw new IOException(
                        path + " is damaged: remove it, and the container's log is kept from its beginning");
            }
            return Optional.of(new LogPosition(
                    new Entry(
                            fields[1],
                            Boolean.parseBoolean(fields[2]),
                            Boolean.parseBoolean(fields[3]),
                            Integer.parseInt(fields[4]),
                            Long.parseLong(fields[5])),
                    Integer.parseInt(fields[6]),
                    Integer.parseInt(fields[7]),
                    fields[8]));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (NumberFormatException e) {
            throw new IOException(
                    path + " is damaged: remove it, and the container's log is kept from its beginning", e);
        }
    }

    /** In one step, durably. */
    void write(Path path) throws IOException {
        var text = String.join(
                " ",
                VERSION,
                entry.stamp(),
                String.valueOf(entry.stderr()),
                String.valueOf(entry.complete()),
                String.valueOf(entry.length()),
                String.valueOf(entry.checksum()),
                String.valueOf(times),
                String.valueOf(files),
                file);
        var staged = LogFiles.partial(path);
        Files.deleteIfExists(staged);
        try (var channel = FileChannel.open(
                staged, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), LogFiles.PRIVATE)) {
            channel.write(StandardCharsets.UTF_8.encode(text + "\n"));
            channel.force(true);
        }
        LogFiles.publish(staged, path);
    }
}
