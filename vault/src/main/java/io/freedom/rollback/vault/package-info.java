/**
 * Packs what the workers keep, so that only who has the key can read it: compressed by zstd, encrypted by age. Makes the key file,
 * and files that nobody else may read.
 */
@NullMarked
package io.freedom.rollback.vault;

import org.jspecify.annotations.NullMarked;
