package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.revwalk.RevCommit;

/** The ref of one rollback, {@code refs/rollback/<rollback id>}. */
final class Preservation {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*");

    private final GitRepository repository;
    private final String rollbackId;

    Preservation(GitRepository repository, String rollbackId) throws StepFailure {
        if (!ID.matcher(rollbackId).matches()
                || rollbackId.endsWith(".lock")
                || rollbackId.equals(ConfigurationHistory.NAME)) {
            throw new StepFailure(
                    FailureKind.INVALID,
                    "rollback id '" + rollbackId
                            + "' cannot be part of a ref: only letters, digits, '.', '_' and '-', and not "
                            + ConfigurationHistory.NAME);
        }
        this.repository = repository;
        this.rollbackId = rollbackId;
    }

    String ref() {
        return "refs/rollback/" + rollbackId;
    }

    Optional<Preserved> find() throws IOException {
        var tip = tip();
        if (tip.isEmpty()) {
            return Optional.empty();
        }
        var commit = repository.commit(tip.get());
        var index = repository.commit(commit.getParent(1));
        return Optional.of(Preserved.parse(
                commit.getParent(0).copy(),
                index.getTree().copy(),
                commit.getTree().copy(),
                commit.getFullMessage()));
    }

    Optional<ObjectId> tip() throws IOException {
        return Optional.ofNullable(repository.jgit().exactRef(ref())).map(Ref::getObjectId);
    }

    /** Writes it, unless another process has moved the ref since {@code expected} was read. */
    ObjectId write(Preserved preserved, Optional<ObjectId> expected) throws IOException, StepFailure {
        var index = repository.store(preserved.index(), "Index before rollback " + rollbackId + "\n", preserved.head());
        var commit = repository.store(preserved.tree(), preserved.message(rollbackId), preserved.head(), index);
        repository.updateRef(ref(), expected.orElse(ObjectId.zeroId()), commit);
        return commit;
    }

    /**
     * Keeps what a forced change of the work tree would lose for good: files, staged content or a HEAD that neither the
     * preserved state nor the target holds.
     *
     * @param files snapshot of the files as they are
     * @return the ref it is kept at, or empty when nothing would be lost
     */
    Optional<String> keepStrangers(Preserved preserved, ObjectId files) throws IOException, StepFailure {
        return keepStrangers(
                preserved,
                files,
                Index.isUnmerged(repository) ? files : Index.read(repository).tree());
    }

    Optional<String> keepStrangers(Preserved preserved, ObjectId files, ObjectId staged)
            throws IOException, StepFailure {
        var target = preserved.target() == null ? preserved.head() : preserved.target();
        var targetTree = repository.commit(target).getTree();
        var head = repository.head();
        boolean lost = !Trees.unknown(repository.jgit(), files, preserved.tree(), targetTree)
                .isEmpty();
        lost |= !head.equals(preserved.head()) && !head.equals(target);
        var strange = new HashSet<>(Trees.unknown(repository.jgit(), staged, preserved.tree(), targetTree));
        strange.retainAll(Trees.unknown(repository.jgit(), staged, preserved.index(), files));
        lost |= !strange.isEmpty();
        return lost ? Optional.of(keep(files, staged, head)) : Optional.empty();
    }

    private String keep(ObjectId files, ObjectId staged, RevCommit head) throws IOException, StepFailure {
        var name = "refs/rollback-displaced/" + rollbackId + "/"
                + files.abbreviate(12).name() + "-" + head.abbreviate(12).name();
        var index = repository.store(staged, "Index displaced by rollback " + rollbackId + "\n", head);
        var commit = repository.store(files, "Work tree displaced by rollback " + rollbackId + "\n", head, index);
        var known = repository.jgit().exactRef(name);
        repository.updateRef(name, known == null ? ObjectId.zeroId() : known.getObjectId(), commit);
        return name;
    }
}
