package io.freedom.rollback.platform;

import java.time.Duration;

/**
 * How the logs of the platform's containers are kept, besides the engine, which removes them with their container.
 *
 * @param every how often what was logged since is kept: what a lost engine, or {@code docker compose down}, may cost
 * @param keep how long lines stay
 * @param bound bytes of all of it, compressed; beyond it the oldest go
 */
public record LogPolicy(Duration every, Duration keep, long bound) {}
