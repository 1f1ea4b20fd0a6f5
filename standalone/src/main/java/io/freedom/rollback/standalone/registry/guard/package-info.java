/**
 * What runs inside the registry's process: ends it together with its parent. Depends on nothing but the JDK.
 */
@NullMarked
package io.freedom.rollback.standalone.registry.guard;

import org.jspecify.annotations.NullMarked;
