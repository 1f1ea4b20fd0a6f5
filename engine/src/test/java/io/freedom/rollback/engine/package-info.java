/**
 * Tests of the engine connection, most of them on a real engine: these make what they need under a name of their own
 * and remove it.
 */
@NullMarked
package io.freedom.rollback.engine;

import org.jspecify.annotations.NullMarked;
