/** The saga inside Kafka Streams: exactly-once, its store the events of running rollbacks, its output the history. */
@NullMarked
package io.freedom.rollback.orchestrator.streams;

import org.jspecify.annotations.NullMarked;
