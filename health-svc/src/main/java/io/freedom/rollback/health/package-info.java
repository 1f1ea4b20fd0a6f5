/**
 * Looks at a platform and says whether it serves as it should: database, HTTP probes, logs and files. Only reads; every
 * failed expectation becomes a message that names it.
 */
@NullMarked
package io.freedom.rollback.health;

import org.jspecify.annotations.NullMarked;
