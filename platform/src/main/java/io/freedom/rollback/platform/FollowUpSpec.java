package io.freedom.rollback.platform;

import java.time.Duration;

/**
 * Something to be done after each rollback.
 *
 * @param within time from the rollback's end
 */
public record FollowUpSpec(String what, String owner, Duration within) {}
