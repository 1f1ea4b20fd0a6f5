package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;

/** The file given with --command-config. */
final class ClientSettings {
    private ClientSettings() {}

    static Map<String, String> read(String file) {
        var properties = new Properties();
        try (var reader = Files.newBufferedReader(Path.of(file), StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw Failure.usage("--command-config " + file + " cannot be read: " + e.getMessage());
        }
        return properties.stringPropertyNames().stream()
                .collect(Collectors.toMap(name -> name, properties::getProperty));
    }
}
