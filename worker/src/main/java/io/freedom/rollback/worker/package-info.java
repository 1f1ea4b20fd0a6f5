/**
 * What the four workers share: the command loop, heartbeats, cancellation, fencing and idempotency around a
 * {@link io.freedom.rollback.worker.StepHandler}.
 */
@NullMarked
package io.freedom.rollback.worker;

import org.jspecify.annotations.NullMarked;
