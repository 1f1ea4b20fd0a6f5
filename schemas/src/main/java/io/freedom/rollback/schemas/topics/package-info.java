/**
 * Decides which Kafka topics there are, what they hold, for how long and who writes them; creates the missing ones and
 * describes them as an AsyncAPI document.
 */
@NullMarked
package io.freedom.rollback.schemas.topics;

import org.jspecify.annotations.NullMarked;
