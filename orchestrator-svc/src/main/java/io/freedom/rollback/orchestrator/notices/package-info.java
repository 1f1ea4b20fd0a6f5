/** Decides which events people are told of, and in which words. */
@NullMarked
package io.freedom.rollback.orchestrator.notices;

import org.jspecify.annotations.NullMarked;
