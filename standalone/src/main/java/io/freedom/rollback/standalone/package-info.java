/**
 * The whole system in one process: starts broker, registry and services side by side, and stops them in order.
 */
@NullMarked
package io.freedom.rollback.standalone;

import org.jspecify.annotations.NullMarked;
