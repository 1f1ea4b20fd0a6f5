/** Decides with which exit code, and in which words, rollbackctl ends. */
@NullMarked
package io.freedom.rollback.ctl.exit;

import org.jspecify.annotations.NullMarked;
