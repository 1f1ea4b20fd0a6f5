/** Tests of the package. */
@NullMarked
package io.freedom.rollback.standalone;

import org.jspecify.annotations.NullMarked;
