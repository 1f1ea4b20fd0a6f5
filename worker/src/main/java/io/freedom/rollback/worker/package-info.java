/**
 * What the four workers share: one lane per platform, heartbeats, cancellation, fencing and idempotency around a
 * {@link io.freedom.rollback.worker.StepHandler}.
 */
@NullMarked
package io.freedom.rollback.worker;

import org.jspecify.annotations.NullMarked;
