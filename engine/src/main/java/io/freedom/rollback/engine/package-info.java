/**
 * The Docker engine and the compose CLI, as the workers use them: every call has a watchdog, ends on interruption, and
 * says in plain words what is wrong. Containers are found by label, never by name.
 */
@NullMarked
package io.freedom.rollback.engine;

import org.jspecify.annotations.NullMarked;
