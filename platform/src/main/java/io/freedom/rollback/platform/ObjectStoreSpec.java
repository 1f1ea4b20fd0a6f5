package io.freedom.rollback.platform;

import org.jspecify.annotations.Nullable;

/**
 * An S3-compatible bucket that restore points are copied to.
 *
 * @param endpoint URL of the server; null for that of AWS in {@code region}
 * @param prefix begins all keys, without slashes at its ends; empty for none
 * @param accessKey secret reference
 * @param secretKey secret reference
 * @param pathStyle whether the bucket is in the path of URLs rather than in the host's name
 */
public record ObjectStoreSpec(
        @Nullable String endpoint,
        String region,
        String bucket,
        String prefix,
        String accessKey,
        String secretKey,
        boolean pathStyle) {}
