package io.freedom.rollback.platform;

import java.time.Duration;

/**
 * Whose approval is asked for before something is lost.
 *
 * @param operators how many distinct operators approve; 0 when nobody is asked
 * @param within how long they have
 * @param approvedUnanswered what silence means: approval, or rejection
 * @param starterCounts who starts the rollback by hand has approved with that
 */
public record ApprovalPolicy(int operators, Duration within, boolean approvedUnanswered, boolean starterCounts) {}
