/**
 * The orchestrator's processor and the workers' command loop, both as they ship, in a world of a virtual clock where brokers delay,
 * machines die and operators interfere; one seed is one world. ADR 30.
 */
@NullMarked
package io.freedom.rollback.orchestrator.simulation;

import org.jspecify.annotations.NullMarked;
