/** Tests of the package. */
@NullMarked
package io.freedom.rollback.standalone.registry;

import org.jspecify.annotations.NullMarked;
