/** Decides what follows a rollback that has succeeded, and how what a platform's descriptor names is looked after between rollbacks. */
@NullMarked
package io.freedom.rollback.orchestrator.aftercare;

import org.jspecify.annotations.NullMarked;
