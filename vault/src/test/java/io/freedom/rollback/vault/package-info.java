/** How files are packed and keys kept, on files of a temporary folder. */
@NullMarked
package io.freedom.rollback.vault;

import org.jspecify.annotations.NullMarked;
