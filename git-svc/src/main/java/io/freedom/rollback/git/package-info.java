/**
 * Moves a platform's git work tree to a tag and back: what is there is kept as commits first, so that nothing is lost
 * and the way back is exact. Reads with JGit; changes files with native git where present, with JGit otherwise.
 */
@NullMarked
package io.freedom.rollback.git;

import org.jspecify.annotations.NullMarked;
