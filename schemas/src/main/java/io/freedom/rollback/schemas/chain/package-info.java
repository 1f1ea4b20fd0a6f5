/** Seals events of the history, so that whoever reads them later can tell whether they are as they were written. */
@NullMarked
package io.freedom.rollback.schemas.chain;

import org.jspecify.annotations.NullMarked;
