package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.BringFilesBack;
import io.freedom.rollback.schemas.action.FilesBroughtBack;
import io.freedom.rollback.schemas.action.FilesSetAside;
import io.freedom.rollback.schemas.action.FilesSwapped;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Moves back what was set aside. What the target left in its place, or a restore point put there, is moved out of the way, and kept. */
final class BringFilesBackHandler extends GitStep<BringFilesBack> {
    BringFilesBackHandler(WorkTrees trees) {
        super(trees, BringFilesBack.class);
    }

    @Override
    String workTree(BringFilesBack action) {
        return action.getWorkTree();
    }

    @Override
    Probe look(BringFilesBack action, Site site) throws IOException, StepFailure {
        var aside = SetAside.of(site.repository(), site.step().rollbackId());
        boolean moved = site.step()
                        .find(FilesSetAside.class)
                        .filter(set -> set.getMoved() > 0)
                        .isPresent()
                || site.step()
                        .find(FilesSwapped.class)
                        .filter(swapped -> !swapped.getChanged().isEmpty())
                        .isPresent();
        if (moved && !aside.isReturned() && aside.entries().isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "what was moved out of the work tree is not in " + aside.folder()
                            + " any more: bring it back, then retry, or skip this step to go on without it");
        }
        return aside.isReturned() || aside.entries().isEmpty()
                ? new Probe.Applied(completed(aside, List.of(), List.of(), List.of(), List.of()))
                : new Probe.NotApplied();
    }

    @Override
    Completed act(BringFilesBack action, Site site) throws IOException, StepFailure {
        try (var lock = TreeLock.of(site.repository())) {
            var aside = SetAside.of(site.repository(), site.step().rollbackId());
            var back = new ArrayList<String>();
            var displaced = new ArrayList<String>();
            var gone = new ArrayList<String>();
            var stuck = new ArrayList<String>();
            var added = aside.added();
            for (var entry : aside.entries()) {
                if (!aside.isAway(entry)) {
                    boolean isOurs = added.contains(entry) && !aside.isRestored(entry);
                    if (isOurs && aside.isTaken(entry)) {
                        site.step().checkpoint();
                        (aside.isReallyThere(entry) && aside.displace(entry) ? displaced : stuck).add(entry);
                    } else if (!aside.isTaken(entry) && !added.contains(entry)) {
                        gone.add(entry);
                    }
                    continue;
                }
                site.step().checkpoint();
                if (!aside.makeWay(entry)) {
                    stuck.add(entry);
                    continue;
                }
                if (aside.isTaken(entry)) {
                    if (!aside.displace(entry)) {
                        stuck.add(entry);
                        continue;
                    }
                    displaced.add(entry);
                }
                aside.moveBack(entry);
                back.add(entry);
            }
            aside.markReturned();
            return completed(aside, back, displaced, gone, stuck);
        }
    }

    private static Completed completed(
            SetAside aside, List<String> back, List<String> displaced, List<String> gone, List<String> stuck) {
        var result = FilesBroughtBack.newBuilder()
                .setMoved(back.size())
                .setDisplaced(
                        displaced.stream().limit(SetFilesAsideHandler.LISTED).toList())
                .build();
        return new Completed(
                result,
                (back.isEmpty() ? "nothing to move back" : "moved back: " + Names.few(back))
                        + (gone.isEmpty() ? "" : "; GONE, neither there nor here: " + Names.few(gone))
                        + (stuck.isEmpty()
                                ? ""
                                : "; STILL in " + aside.files()
                                        + ", since a link or a file stands for a folder on their way: "
                                        + Names.few(stuck) + ": move them by hand")
                        + (displaced.isEmpty()
                                ? ""
                                : "; what stood there is kept in "
                                        + aside.folder().resolve("displaced")));
    }
}
