/** Figures that only the topics can give; {@code bench/run} drives the rest and prints the table. */
@NullMarked
package io.freedom.rollback.bench;

import org.jspecify.annotations.NullMarked;
