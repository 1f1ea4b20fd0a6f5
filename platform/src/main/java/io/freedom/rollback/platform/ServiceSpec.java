package io.freedom.rollback.platform;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A compose service that can be rolled back, reset or restarted on its own.
 *
 * @param paths what of the repository is its own, relative to the work tree
 * @param data whether the database goes back together with its code
 * @param loaded regular expression of the log line that says its model is loaded; null for none
 * @param memory bound of what its containers hold, bytes; null for none
 * @param cpu bound of what its containers use, percent of one processor; null for none
 */
public record ServiceSpec(
        String name,
        List<String> paths,
        boolean data,
        @Nullable String loaded,
        @Nullable Long memory,
        @Nullable Integer cpu) {
    public ServiceSpec {
        paths = List.copyOf(paths);
    }
}
