/**
 * Reads platform.yaml, the one file that describes a platform, and says everything that is wrong with it at once, with
 * line numbers. Pure: no Spring, Kafka or Docker.
 */
@NullMarked
package io.freedom.rollback.platform;

import org.jspecify.annotations.NullMarked;
