/**
 * The operators' command line: each command publishes to a topic or reads one, and waits for the orchestrator's answer in
 * the history.
 */
@NullMarked
package io.freedom.rollback.ctl;

import org.jspecify.annotations.NullMarked;
