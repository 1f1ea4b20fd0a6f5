/**
 * Makes restore points and restores from them: copies with hashes that are read again, dumps by the server's own tools,
 * and a database restored beside the live one and swapped in by rename, so that every step can be undone.
 */
@NullMarked
package io.freedom.rollback.backup;

import org.jspecify.annotations.NullMarked;
