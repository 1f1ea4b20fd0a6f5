/** A rollback as others have it: its events in the history, chained, and the snapshot that operators see. */
@NullMarked
package io.freedom.rollback.orchestrator.records;

import org.jspecify.annotations.NullMarked;
