package io.freedom.rollback.platform;

import org.jspecify.annotations.Nullable;

/**
 * The platform's PostgreSQL database.
 *
 * @param service compose service of the server
 * @param user role that owns the database
 * @param password secret reference, {@code ${env:NAME}} or {@code ${file:/path#KEY}}; never the value
 */
public record DatabaseSpec(
        String service,
        String name,
        String user,
        String jdbcUrl,
        @Nullable String password) {}
