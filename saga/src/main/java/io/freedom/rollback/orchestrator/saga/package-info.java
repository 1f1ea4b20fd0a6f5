/**
 * The saga as three pure functions: {@code decide}, {@code evolve}, {@code react}. No clock, no random id, no I/O; a
 * rollback's state is the fold of its events.
 */
@NullMarked
package io.freedom.rollback.orchestrator.saga;

import org.jspecify.annotations.NullMarked;
