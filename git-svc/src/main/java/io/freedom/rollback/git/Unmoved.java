package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.eclipse.jgit.lib.ObjectId;

/** What must be as it was preserved before a checkout may begin or go on. */
final class Unmoved {
    private Unmoved() {}

    static boolean isHead(Preserved kept, GitRepository repository) throws IOException, StepFailure {
        return kept.head().equals(repository.head()) && Objects.equals(kept.branch(), repository.branch());
    }

    static void requireHead(Preserved kept, GitRepository repository) throws IOException, StepFailure {
        if (!isHead(kept, repository)) {
            throw precondition("HEAD of " + repository.root() + " moved from "
                    + kept.head().name() + " to "
                    + repository.head().name() + " (" + repository.branch() + ") since this rollback preserved it:"
                    + " somebody works there. Abort this rollback and start another one");
        }
    }

    static void requireTag(Preserved kept, Target target) throws StepFailure {
        if (!target.commit().equals(kept.target())) {
            throw precondition("tag " + target.tag() + " is " + target.commit().name() + " now, but the checkout of "
                    + kept.target() + " has begun: was the tag moved? Move it back and retry, or abort the rollback");
        }
    }

    /**
     * Neither files nor staged content among the wanted ones may have changed: they would not be preserved.
     *
     * @return the snapshot that proves it
     */
    static ObjectId requireFiles(Preserved kept, Predicate<String> wanted, GitStep.Site site)
            throws IOException, StepFailure, InterruptedException {
        var jgit = site.repository().jgit();
        var now = site.tree().snapshot(List.of());
        var changed = new TreeSet<>(Trees.differences(jgit, kept.tree(), now));
        changed.addAll(Trees.differences(
                jgit, kept.index(), Index.read(site.repository()).tree()));
        changed.removeIf(wanted.negate());
        if (!changed.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "these paths of " + site.repository().root() + " changed after they were preserved: "
                            + Names.few(changed) + ". Stop what writes there, then "
                            + switch (kept.stage()) {
                                case KEPT -> "retry the step that preserves changes and this one";
                                case PARTLY, LEFT, RETURNED ->
                                    "put them back (`git diff "
                                            + site.preservation().ref()
                                            + "` shows what changed) and retry this step, or abort the rollback";
                            });
        }
        return now;
    }

    private static StepFailure precondition(String message) {
        return new StepFailure(FailureKind.PRECONDITION, message);
    }
}
