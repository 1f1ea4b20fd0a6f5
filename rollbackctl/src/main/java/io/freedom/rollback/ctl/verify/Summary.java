package io.freedom.rollback.ctl.verify;

import java.util.List;

/**
 * What was looked at.
 *
 * @param broken rollbacks and platforms that do not hold
 * @param truncated rollbacks of which the history is not kept from the beginning
 * @param running those that go on
 */
public record Summary(int rollbacks, int platforms, long events, int broken, long truncated, List<Running> running) {
    /** @param comparedUpTo number of the event up to which history, status and store agree */
    public record Running(String platform, String rollback, long comparedUpTo) {}
}
