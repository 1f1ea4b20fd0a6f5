package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.CopyRepository;
import io.freedom.rollback.schemas.action.RepositoryCopied;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.TagOpt;

/** A repository for a drill: all that the original has, and no way back to it. */
final class CopyRepositoryHandler extends GitStep<CopyRepository> {
    /** Says that a folder is a drill's, and may be removed with all that is in it. */
    static final String MARK = ".rollback-drill";

    private static final String BRANCH = "drill";
    private static final List<RefSpec> ALL = List.of(
            new RefSpec("+refs/heads/*:refs/heads/*"),
            new RefSpec("+refs/tags/*:refs/tags/*"),
            // Commits that no branch holds, such as a detached HEAD and what earlier rollbacks kept.
            new RefSpec("+HEAD:refs/drill/head"),
            new RefSpec("+refs/rollback/*:refs/drill/rollback/*"));

    CopyRepositoryHandler(WorkTrees trees) {
        super(trees, CopyRepository.class);
    }

    @Override
    String workTree(CopyRepository action) {
        return action.getWorkTree();
    }

    @Override
    Completed act(CopyRepository action, Site site) throws IOException, StepFailure, InterruptedException {
        var directory = Path.of(action.getDirectory());
        var copy = Path.of(action.getCopy());
        if (!directory.isAbsolute() || !copy.normalize().startsWith(directory.normalize()) || copy.equals(directory)) {
            throw new StepFailure(FailureKind.INVALID, copy + " is not below the drill's folder " + directory);
        }
        if (Files.exists(copy)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION, copy + " is there already: remove it, then start the drill again");
        }
        site.step().checkpoint();
        Files.createDirectories(directory);
        Files.writeString(directory.resolve(MARK), "Made by a drill, and removed by it.\n");
        var commit = action.getCommit() == null ? site.repository().head() : ObjectId.fromString(action.getCommit());
        // A bare name of a local folder; the original is only read.
        try (var made = Git.init()
                .setDirectory(copy.toFile())
                .setInitialBranch(BRANCH + "-empty")
                .call()) {
            made.fetch()
                    .setRemote(site.repository().jgit().getDirectory().getAbsolutePath())
                    .setRefSpecs(ALL)
                    .setTagOpt(TagOpt.FETCH_TAGS)
                    .call();
            site.step().checkpoint();
            made.checkout()
                    .setCreateBranch(true)
                    .setName(BRANCH)
                    .setStartPoint(commit.name())
                    .setForced(true)
                    .call();
            return new Completed(
                    new RepositoryCopied(commit.name()),
                    site.name(commit) + " is at " + copy + ", on branch "
                            + made.getRepository()
                                    .exactRef(Constants.HEAD)
                                    .getTarget()
                                    .getName());
        } catch (GitAPIException e) {
            throw new StepFailure(
                    FailureKind.TOOL,
                    "the repository " + action.getWorkTree() + " cannot be copied to " + copy + ": " + e.getMessage()
                            + ". See `git fsck` and the disk (`df`)",
                    e);
        }
    }
}
