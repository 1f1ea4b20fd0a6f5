/** Decides which incident or operator command starts, joins, waits for or stops a rollback. Pure. */
@NullMarked
package io.freedom.rollback.orchestrator.admission;

import org.jspecify.annotations.NullMarked;
