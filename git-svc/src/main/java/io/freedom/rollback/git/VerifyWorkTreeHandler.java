package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.VerifyWorkTree;
import io.freedom.rollback.schemas.action.WorkTreeVerified;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;

/** Whether HEAD, index and files are the tag's. */
final class VerifyWorkTreeHandler extends GitStep<VerifyWorkTree> {
    VerifyWorkTreeHandler(WorkTrees trees) {
        super(trees, VerifyWorkTree.class);
    }

    @Override
    String workTree(VerifyWorkTree action) {
        return action.getWorkTree();
    }

    @Override
    Completed act(VerifyWorkTree action, Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        var target = site.target(action.getTag());
        var head = repository.head();
        if (!head.equals(target.commit())) {
            throw mismatch("HEAD of " + repository.root() + " is at " + head.name() + " and not at " + action.getTag()
                    + " (" + target.commit().name() + "): retry the checkout step");
        }
        var differences = site.tree().differences(target.commit().getTree());
        if (!differences.isEmpty()) {
            throw mismatch("these paths of " + repository.root() + " are not as in " + action.getTag() + ": "
                    + Names.few(differences) + ". Retry the checkout step; what differs will be kept");
        }
        var missing = action.getCriticalPaths().stream()
                .filter(path -> {
                    var file = repository.root().resolve(path);
                    return path.endsWith("/") ? !Files.isDirectory(file) : !Files.exists(file);
                })
                .toList();
        if (!missing.isEmpty()) {
            throw mismatch(repository.root() + " lacks " + Names.few(missing)
                    + ": choose another tag, or correct the critical paths in the platform's file");
        }
        return new Completed(
                WorkTreeVerified.newBuilder().setCommit(head.name()).build(),
                "all files are as in " + action.getTag() + " (" + site.name(head) + ")");
    }

    private static StepFailure mismatch(String message) {
        return new StepFailure(FailureKind.MISMATCH, message);
    }
}
