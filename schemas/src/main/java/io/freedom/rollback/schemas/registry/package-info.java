/**
 * Talks to a Confluent-compatible schema registry over REST with the JDK's own HTTP client, and remembers what never
 * changes: the schema behind an id and the id of a registered schema.
 */
@NullMarked
package io.freedom.rollback.schemas.registry;

import org.jspecify.annotations.NullMarked;
