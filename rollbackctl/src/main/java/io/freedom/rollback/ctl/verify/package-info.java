/** Proves that the history is whole, and that the state folded from it alone is the one that is lived by. */
@NullMarked
package io.freedom.rollback.ctl.verify;

import org.jspecify.annotations.NullMarked;
