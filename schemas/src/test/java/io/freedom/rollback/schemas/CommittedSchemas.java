package io.freedom.rollback.schemas;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.avro.Schema;

/** The schemas of each release, as files: {@code src/compatibility/<version>/<record>.avsc}. */
final class CommittedSchemas {
    private static final Path ROOT = Path.of("src", "compatibility");

    private CommittedSchemas() {}

    static List<String> versions() throws IOException {
        try (Stream<Path> folders = Files.list(ROOT)) {
            return folders.map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    /** Empty for a record that the version did not have yet. */
    static Optional<Schema> read(String version, String record) throws IOException {
        Path file = file(version, record);
        return Files.exists(file) ? Optional.of(new Schema.Parser().parse(Files.readString(file))) : Optional.empty();
    }

    static void write(String version, Schema schema) throws IOException {
        Files.createDirectories(ROOT.resolve(version));
        Files.writeString(file(version, schema.getName()), schema.toString(true) + "\n");
    }

    private static Path file(String version, String record) {
        return ROOT.resolve(version).resolve(record + ".avsc");
    }
}
