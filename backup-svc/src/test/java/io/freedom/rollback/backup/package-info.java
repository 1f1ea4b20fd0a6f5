/** Tests of the backup worker: files in temporary folders, databases in a real PostgreSQL container. */
@NullMarked
package io.freedom.rollback.backup;

import org.jspecify.annotations.NullMarked;
