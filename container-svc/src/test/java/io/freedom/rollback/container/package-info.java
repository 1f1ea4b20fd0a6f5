/** Tests of the container worker on a real engine; every project has a name of its own and is removed afterwards. */
@NullMarked
package io.freedom.rollback.container;

import org.jspecify.annotations.NullMarked;
