package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.GitStateRecorded;
import io.freedom.rollback.schemas.action.RecordGitState;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.RepositoryState;
import org.eclipse.jgit.revwalk.RevWalk;

/** Writes down what the work tree is like, for whoever looks into the incident. */
final class RecordGitStateHandler extends GitStep<RecordGitState> {
    private static final int COMMITS = 10;

    RecordGitStateHandler(WorkTrees trees) {
        super(trees, RecordGitState.class);
    }

    @Override
    String workTree(RecordGitState action) {
        return action.getWorkTree();
    }

    @Override
    Completed act(RecordGitState action, Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        var head = repository.head();
        var ref = repository.branch();
        var branch = ref == null ? null : Repository.shortenRefName(ref);
        // Fails on unmerged paths, while the platform still serves.
        Index.read(repository);
        var changes = site.tree().changes();
        var recorded = GitStateRecorded.newBuilder()
                .setCommit(head.name())
                .setBranch(branch)
                .setDirtyPaths(first(changes.dirty()))
                .setUntrackedPaths(first(changes.untracked()))
                .build();
        var where = branch == null ? "HEAD detached" : "on branch " + branch;
        var state = repository.jgit().getRepositoryState();
        if (state != RepositoryState.SAFE) {
            where += ", " + state.getDescription();
        }
        site.step().checkpoint();
        var directory = Files.createDirectories(Path.of(action.getDirectory()).resolve("git"));
        Files.writeString(directory.resolve("state.json"), recorded + "\n");
        Files.write(directory.resolve("status.txt"), status(where + " at " + head.name(), changes));
        Files.write(directory.resolve("log.txt"), log(repository));
        return new Completed(
                recorded,
                where + " at " + site.name(head) + ", " + changes.dirty().size() + " paths changed, "
                        + changes.untracked().size() + " untracked");
    }

    /** A result travels through Kafka; status.txt has all of them. */
    private static List<String> first(List<String> paths) {
        return paths.subList(0, Math.min(paths.size(), 1000));
    }

    private static List<String> status(String headline, WorkTree.Changes changes) {
        var lines = new ArrayList<String>();
        lines.add(headline);
        changes.dirty().forEach(path -> lines.add("changed    " + path));
        changes.untracked().forEach(path -> lines.add("untracked  " + path));
        return lines;
    }

    private static List<String> log(GitRepository repository) throws IOException, StepFailure {
        var lines = new ArrayList<String>();
        try (var walk = new RevWalk(repository.jgit())) {
            walk.markStart(walk.parseCommit(repository.head()));
            for (var commit = walk.next(); commit != null && lines.size() < COMMITS; commit = walk.next()) {
                lines.add(commit.name() + " " + commit.getCommitterIdent().getWhenAsInstant() + " "
                        + commit.getAuthorIdent().getName() + ": " + commit.getShortMessage());
            }
        }
        return lines;
    }
}
