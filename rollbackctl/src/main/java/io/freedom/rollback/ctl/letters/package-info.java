/** Records that could not be read or applied: found, shown, and published once more. */
@NullMarked
package io.freedom.rollback.ctl.letters;

import org.jspecify.annotations.NullMarked;
