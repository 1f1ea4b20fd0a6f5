/**
 * Puts generated Avro records into Kafka records and back, in the Confluent wire format: magic byte 0, four bytes of
 * schema id (big-endian), Avro binary. Confluent's own classes can be configured in place of these.
 */
@NullMarked
package io.freedom.rollback.schemas.serde;

import org.jspecify.annotations.NullMarked;
