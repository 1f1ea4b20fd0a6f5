/**
 * The schema registry as a child process: how it is started, found ready, restarted and ended.
 */
@NullMarked
package io.freedom.rollback.standalone.registry;

import org.jspecify.annotations.NullMarked;
