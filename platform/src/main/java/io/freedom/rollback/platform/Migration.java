package io.freedom.rollback.platform;

import java.util.List;

/**
 * How data get into the target's format. Each is a program and its arguments, run in the work tree without a shell; the path
 * of the file is appended.
 *
 * @param exporter writes what is to be kept, in a format that the target reads
 * @param importer adds it to the target's database; run twice it adds nothing more
 */
public record Migration(List<String> exporter, List<String> importer) {
    public Migration {
        exporter = List.copyOf(exporter);
        importer = List.copyOf(importer);
    }
}
