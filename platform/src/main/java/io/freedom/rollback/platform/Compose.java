package io.freedom.rollback.platform;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The compose project.
 *
 * @param files relative to the work tree
 * @param envFile relative to the work tree
 * @param requiredEnvKeys groups of alternatives, each as {@code KEY_A|KEY_B}
 */
public record Compose(
        String project, List<String> files, @Nullable String envFile, List<String> requiredEnvKeys) {
    public Compose {
        files = List.copyOf(files);
        requiredEnvKeys = List.copyOf(requiredEnvKeys);
    }
}
