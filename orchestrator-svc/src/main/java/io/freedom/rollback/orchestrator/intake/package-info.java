/** Turns what alerting systems publish into incidents: Avro, Alertmanager's webhook JSON (v4), CloudEvents. */
@NullMarked
package io.freedom.rollback.orchestrator.intake;

import org.jspecify.annotations.NullMarked;
