package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.InvalidPathException;
import java.util.HashSet;
import org.apache.avro.specific.SpecificRecord;
import org.eclipse.jgit.errors.LockFailedException;
import org.eclipse.jgit.lib.ObjectId;
import org.jspecify.annotations.Nullable;

/** A step on one repository: opens it, and turns what the file system and JGit throw into failures with advice. */
abstract class GitStep<A extends SpecificRecord> implements StepHandler<A> {
    private final WorkTrees trees;
    private final Class<A> action;

    GitStep(WorkTrees trees, Class<A> action) {
        this.trees = trees;
        this.action = action;
    }

    /** The repository of the action, its files, and the step. */
    record Site(GitRepository repository, WorkTree tree, StepContext step) {
        Preservation preservation() throws StepFailure {
            return new Preservation(repository, step.rollbackId());
        }

        /**
         * Tree of the files that a change between the two trees could touch: tracked ones, and others, ignored or not, that
         * stand where either tree has something. No others, such as an `.env` with secrets.
         */
        ObjectId snapshotWithin(ObjectId one, ObjectId other) throws IOException, StepFailure, InterruptedException {
            return snapshotWithin(one, other, null);
        }

        /** @param now the snapshot without ignored files, where it was just taken: often it has all that is wanted */
        ObjectId snapshotWithin(ObjectId one, ObjectId other, @Nullable ObjectId now)
                throws IOException, StepFailure, InterruptedException {
            var wanted = Trees.paths(repository.jgit(), one);
            wanted.addAll(Trees.paths(repository.jgit(), other));
            var others = tree.others();
            var inTheWay = Trees.inTheWay(others, wanted);
            var nested = inTheWay.stream().filter(path -> path.endsWith("/")).toList();
            if (!nested.isEmpty()) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "another git repository stands where files must go: " + Names.few(nested) + " in "
                                + repository.root() + ". Move it away and try again");
            }
            var apart = new HashSet<>(others);
            inTheWay.forEach(apart::remove);
            var all = now != null && Trees.paths(repository.jgit(), now).containsAll(inTheWay)
                    ? now
                    : tree.snapshot(inTheWay);
            return Trees.without(repository.jgit(), all, apart);
        }

        /** A tag may be moved while a rollback runs: the commit that was verified stays the target. */
        Target target(String tag) throws IOException, StepFailure {
            var verified = step.find(TargetVerified.class);
            return verified.isPresent()
                    ? Target.at(
                            repository, tag, ObjectId.fromString(verified.get().getCommit()))
                    : Target.find(repository, tag);
        }

        String name(ObjectId commit) {
            return commit.abbreviate(12).name();
        }
    }

    abstract String workTree(A action);

    abstract Completed act(A action, Site site) throws IOException, StepFailure, InterruptedException;

    Probe look(A action, Site site) throws IOException, StepFailure, InterruptedException {
        return new Probe.NotApplied();
    }

    @Override
    public final Class<A> action() {
        return action;
    }

    @Override
    public final Probe probe(A action, StepContext step) throws StepFailure, InterruptedException {
        return at(action, step, this::look);
    }

    @Override
    public final Completed execute(A action, StepContext step) throws StepFailure, InterruptedException {
        return at(action, step, this::act);
    }

    private interface Work<A, R> {
        R on(A action, Site site) throws IOException, StepFailure, InterruptedException;
    }

    private <R> R at(A action, StepContext step, Work<A, R> work) throws StepFailure, InterruptedException {
        try (var repository = GitRepository.open(workTree(action))) {
            return work.on(action, new Site(repository, trees.of(repository), step));
        } catch (LockFailedException e) {
            throw new StepFailure(
                    FailureKind.UNAVAILABLE,
                    "another git process works in " + workTree(action) + ": " + e.getFile()
                            + " is locked. If `ps aux | grep git` shows none, it crashed; then remove the .lock file",
                    e);
        } catch (AccessDeniedException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the worker, running as " + System.getProperty("user.name") + ", may not access " + e.getFile()
                            + ": run it as the owner of the work tree, or give it that right",
                    e);
        } catch (InvalidPathException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the worker cannot use the file name '" + e.getInput() + "': start it with LC_ALL=C.UTF-8",
                    e);
        } catch (org.eclipse.jgit.dircache.InvalidPathException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "a commit of " + workTree(action) + " has a file that git checks out nowhere (" + e.getMessage()
                            + "): name another tag, and find out who made that commit",
                    e);
        } catch (IOException e) {
            throw new StepFailure(
                    FailureKind.TOOL,
                    "working in " + workTree(action) + " failed: " + e
                            + ". See `git fsck` and the disk (`df`, `dmesg`)",
                    e);
        }
    }
}
