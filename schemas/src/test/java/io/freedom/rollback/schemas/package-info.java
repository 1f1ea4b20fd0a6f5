/** Checks of the module as a whole: its dependencies, its schemas' documentation and their compatibility. */
@NullMarked
package io.freedom.rollback.schemas;

import org.jspecify.annotations.NullMarked;
