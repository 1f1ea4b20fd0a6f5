/** What every worker looks at in a repository before it lets git or JGit work there. */
@NullMarked
package io.freedom.rollback.worker.git;

import org.jspecify.annotations.NullMarked;
