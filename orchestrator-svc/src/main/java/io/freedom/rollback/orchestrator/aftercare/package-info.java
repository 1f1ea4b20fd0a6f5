/** Decides what follows a rollback that has succeeded: the watch for a relapse, and what people are to do. */
@NullMarked
package io.freedom.rollback.orchestrator.aftercare;

import org.jspecify.annotations.NullMarked;
