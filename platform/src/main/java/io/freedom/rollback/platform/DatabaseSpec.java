package io.freedom.rollback.platform;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The platform's PostgreSQL database.
 *
 * @param service compose service of the server
 * @param user role that owns the database
 * @param password secret reference, {@code ${env:NAME}} or {@code ${file:/path#KEY}}; never the value
 * @param except names of the server's other databases that are neither dumped nor restored
 */
public record DatabaseSpec(
        String service,
        String name,
        String user,
        String jdbcUrl,
        @Nullable String password,
        List<String> except) {
    public DatabaseSpec {
        except = List.copyOf(except);
    }
}
