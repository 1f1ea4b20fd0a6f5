package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jgit.errors.IncorrectObjectTypeException;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.treewalk.TreeWalk;

/** The commit of a tag. */
record Target(String tag, RevCommit commit) {
    /** Finds the tag, annotated or not; a branch of that name does not count. */
    static Target find(GitRepository repository, String tag) throws IOException, StepFailure {
        if (!Repository.isValidRefName(Constants.R_TAGS + tag)) {
            throw new StepFailure(FailureKind.INVALID, "'" + tag + "' cannot be the name of a tag");
        }
        var ref = repository.jgit().exactRef(Constants.R_TAGS + tag);
        if (ref == null) {
            throw new StepFailure(FailureKind.PRECONDITION, absent(repository, tag));
        }
        return at(repository, tag, ref.getObjectId());
    }

    /** What the tag named when it was looked at; it may have been moved since. */
    static Target at(GitRepository repository, String tag, ObjectId id) throws IOException, StepFailure {
        try (var walk = new RevWalk(repository.jgit())) {
            var commit = walk.parseCommit(id);
            walk.parseBody(commit);
            return new Target(tag, commit);
        } catch (IncorrectObjectTypeException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION, "tag " + tag + " does not name a commit: choose another target", e);
        } catch (MissingObjectException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the commit of tag " + tag + " is not in " + repository.root()
                            + ": `git fetch --unshallow --tags`, or see `git fsck`",
                    e);
        }
    }

    private static String absent(GitRepository repository, String tag) throws IOException {
        var database = repository.jgit().getRefDatabase();
        var tags = database.getRefsByPrefix(Constants.R_TAGS).stream()
                .map(ref -> ref.getName().substring(Constants.R_TAGS.length()))
                .toList();
        var branch =
                database.exactRef(Constants.R_HEADS + tag) == null ? "" : " (a branch of that name does not count)";
        return "there is no tag " + tag + " in " + repository.root() + branch + "; "
                + (tags.isEmpty()
                        ? "it has no tags at all: `git fetch --tags`"
                        : "tags here: " + String.join(", ", Names.nearest(tag, tags)));
    }

    /** Those of the paths that the tag's tree lacks; one that ends in a slash must be a directory. */
    List<String> missing(GitRepository repository, List<String> paths) throws IOException, StepFailure {
        var missing = new ArrayList<String>();
        for (var path : paths) {
            try (var walk = TreeWalk.forPath(repository.jgit(), relative(path), commit.getTree())) {
                if (walk == null || path.endsWith("/") && walk.getFileMode(0) != FileMode.TREE) {
                    missing.add(path);
                }
            }
        }
        return missing;
    }

    private static String relative(String path) throws StepFailure {
        var stripped = path.replaceFirst("^(\\./)+", "").replaceFirst("/+$", "");
        if (stripped.isEmpty()
                || stripped.startsWith("/")
                || List.of(stripped.split("/")).contains("..")) {
            throw new StepFailure(
                    FailureKind.INVALID, "critical path '" + path + "' must be relative to the work tree, below it");
        }
        return stripped;
    }

    /** Files whose content is not in the repository, as in a partial or damaged clone. */
    List<String> withoutContent(GitRepository repository) throws IOException {
        var absent = new ArrayList<String>();
        try (var walk = new TreeWalk(repository.jgit())) {
            walk.setRecursive(true);
            walk.addTree(commit.getTree());
            while (walk.next()) {
                if (walk.getFileMode(0) != FileMode.GITLINK
                        && !walk.getObjectReader().has(walk.getObjectId(0))) {
                    absent.add(walk.getPathString());
                }
            }
        }
        return absent;
    }

    /** Commits that HEAD has and the tag has not. */
    int commitsUntil(GitRepository repository, RevCommit head) throws IOException {
        try (var walk = new RevWalk(repository.jgit())) {
            walk.setRetainBody(false);
            walk.markStart(walk.parseCommit(head));
            walk.markUninteresting(walk.parseCommit(commit));
            int commits = 0;
            while (walk.next() != null) {
                commits++;
            }
            return commits;
        }
    }
}
