package io.freedom.rollback.backup;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.io.InputStream;
import java.io.StreamCorruptedException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.JacksonIOException;

/**
 * The {@code backup_manifest} of a base backup: what the server has sent, and which WAL it needs.
 *
 * @param files by path
 * @param startLsn where replay begins
 * @param endLsn from where on it is consistent
 */
record BackupManifest(Map<String, Sum> files, String startLsn, String endLsn) {
    /** In the data directory. */
    static final String NAME = "backup_manifest";

    /** @param crc32c null where another algorithm was taken, or none */
    record Sum(long size, @Nullable Integer crc32c) {}

    private record Entry(
            @JsonProperty("Path") @Nullable String path,
            @JsonProperty("Size") long size,
            @JsonProperty("Checksum-Algorithm") @Nullable String algorithm,
            @JsonProperty("Checksum") @Nullable String checksum) {
        Sum sum() {
            return new Sum(size, "CRC32C".equals(algorithm) && checksum != null ? crc(checksum) : null);
        }

        /** The server writes its bytes as it has them in memory. */
        private static int crc(String hex) {
            return Integer.reverseBytes(HexFormat.fromHexDigits(hex));
        }
    }

    private record Range(
            @JsonProperty("Start-LSN") @Nullable String start,
            @JsonProperty("End-LSN") @Nullable String end) {}

    /** @throws StreamCorruptedException where it is cut short, or no manifest; {@code in} stays open */
    static BackupManifest read(InputStream in) throws IOException {
        var files = new HashMap<String, Sum>();
        Range range = null;
        try (var json = Json.parser(in)) {
            while (json.nextToken() != null) {
                if (json.currentToken() != JsonToken.START_ARRAY) {
                    continue;
                }
                var array = json.currentName();
                while (json.nextToken() == JsonToken.START_OBJECT) {
                    if ("Files".equals(array)) {
                        var entry = json.readValueAs(Entry.class);
                        // One whose path is no UTF-8 is not found again by it.
                        if (entry.path() != null) {
                            files.put(entry.path(), entry.sum());
                        }
                    } else {
                        var found = json.readValueAs(Range.class);
                        range = range == null ? found : range;
                    }
                }
            }
        } catch (JacksonIOException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e);
        } catch (JacksonException | IllegalArgumentException e) {
            throw new StreamCorruptedException("it cannot be read: " + e.getMessage());
        }
        if (range == null || !isPosition(range.start()) || !isPosition(range.end())) {
            throw new StreamCorruptedException("it does not say which WAL the base backup needs");
        }
        return new BackupManifest(files, String.valueOf(range.start()), String.valueOf(range.end()));
    }

    private static boolean isPosition(@Nullable String lsn) {
        return lsn != null && Lsn.of(lsn).isPresent();
    }

    /** Bytes of all files. */
    long bytes() {
        return files.values().stream().mapToLong(Sum::size).sum();
    }

    /** The first file that is missing or another one; empty where all are as the server sent them. */
    Optional<String> difference(Map<String, Sum> found) {
        return files.entrySet().stream()
                .filter(file -> !isSame(file.getValue(), found.get(file.getKey())))
                .map(Map.Entry::getKey)
                .min(String::compareTo);
    }

    private static boolean isSame(Sum sent, @Nullable Sum found) {
        return found != null
                && sent.size() == found.size()
                && (sent.crc32c() == null || sent.crc32c().equals(found.crc32c()));
    }
}
