package io.freedom.rollback.git;

import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses what changes work trees. */
@FunctionalInterface
interface WorkTrees {
    WorkTree of(GitRepository repository);

    /** Native git where it is installed, JGit otherwise. */
    static WorkTrees installed() {
        try {
            var version = Command.in(Path.of("/"), List.of("git", "--version")).check();
            return repository ->
                    new NativeGitWorkTree(repository, version.stdout().strip());
        } catch (StepFailure e) {
            log().info("Native git does not answer ({}); work trees are changed with JGit, which is slower", e.text());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return JGitWorkTree::new;
    }

    private static Logger log() {
        return LoggerFactory.getLogger(WorkTrees.class);
    }
}
