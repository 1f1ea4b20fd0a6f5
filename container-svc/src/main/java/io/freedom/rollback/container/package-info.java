/**
 * Worker for containers and images: records, prepares, stops, brings up and restores a compose project, always looking
 * at the engine first and verifying afterwards.
 */
@NullMarked
package io.freedom.rollback.container;

import org.jspecify.annotations.NullMarked;
