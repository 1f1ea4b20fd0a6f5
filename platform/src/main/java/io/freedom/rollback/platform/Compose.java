package io.freedom.rollback.platform;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The compose project.
 *
 * @param files relative to the work tree
 * @param envFile relative to the work tree
 * @param requiredEnvKeys groups of alternatives, each as {@code KEY_A|KEY_B}
 * @param original of the throwaway copy of a drill; null for a platform itself
 */
public record Compose(
        String project,
        List<String> files,
        @Nullable String envFile,
        List<String> requiredEnvKeys,
        @Nullable Original original) {

    /**
     * What a copy is kept apart from.
     *
     * @param platform its name
     * @param workTree absolute path of its work tree
     * @param portOffset added to each port of the machine
     */
    public record Original(String platform, String workTree, int portOffset) {}

    public Compose {
        files = List.copyOf(files);
        requiredEnvKeys = List.copyOf(requiredEnvKeys);
    }
}
