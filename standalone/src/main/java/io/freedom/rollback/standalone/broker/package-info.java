/**
 * A Kafka broker and controller in this process, sized for one small machine.
 */
@NullMarked
package io.freedom.rollback.standalone.broker;

import org.jspecify.annotations.NullMarked;
