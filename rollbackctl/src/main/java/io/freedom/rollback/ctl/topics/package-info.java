/**
 * Reads and writes the product's topics with plain Kafka clients: partitions assigned by hand, no consumer group, only
 * what was committed.
 */
@NullMarked
package io.freedom.rollback.ctl.topics;

import org.jspecify.annotations.NullMarked;
