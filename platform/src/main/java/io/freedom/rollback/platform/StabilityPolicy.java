package io.freedom.rollback.platform;

import java.time.Duration;

/**
 * How a platform is watched after a rollback has succeeded.
 *
 * @param enabled whether it is
 * @param during for how long
 * @param every time between two looks
 * @param looks how many one after the other must find anomalies to count as a relapse
 * @param errors error lines in the logs between two looks that are no anomaly yet
 */
public record StabilityPolicy(boolean enabled, Duration during, Duration every, int looks, int errors) {}
