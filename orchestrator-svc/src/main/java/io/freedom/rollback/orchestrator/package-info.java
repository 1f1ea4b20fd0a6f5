/** The orchestrator: intake of incidents, admission, planning, the saga and its Kafka Streams processor. */
@NullMarked
package io.freedom.rollback.orchestrator;

import org.jspecify.annotations.NullMarked;
