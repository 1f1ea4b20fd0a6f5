/** Compiles (descriptor, scenario, incident) into an immutable plan: the runbook as a DAG of steps. Pure. */
@NullMarked
package io.freedom.rollback.orchestrator.planning;

import org.jspecify.annotations.NullMarked;
