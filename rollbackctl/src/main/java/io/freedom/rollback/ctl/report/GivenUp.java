package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Chronicle.Found;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.action.ChangesPreserved;
import io.freedom.rollback.schemas.action.ComposeIsDown;
import io.freedom.rollback.schemas.action.ContainerDataReplaced;
import io.freedom.rollback.schemas.action.CopyContainerData;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DatabaseSwappedBack;
import io.freedom.rollback.schemas.action.FilesSetAside;
import io.freedom.rollback.schemas.action.FilesSwapped;
import io.freedom.rollback.schemas.action.ImagesPruned;
import io.freedom.rollback.schemas.action.LogsCaptured;
import io.freedom.rollback.schemas.action.PathsCheckedOut;
import io.freedom.rollback.schemas.action.ReplaceContainerData;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.TargetCheckedOut;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.action.VolumesKept;
import io.freedom.rollback.schemas.action.VolumesRemoved;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What is not in place any more after the rollback, and where it is kept. */
final class GivenUp {
    private final Chronicle chronicle;
    private final Words words;
    private final List<String> lines = new ArrayList<>();

    GivenUp(Chronicle chronicle, Words words) {
        this.chronicle = chronicle;
        this.words = words;
    }

    List<String> lines() {
        workTree();
        database();
        containers();
        volumes();
        chronicle.found(ImagesPruned.class).stream()
                .map(Found::result)
                .filter(pruned -> pruned.getImages() > 0)
                .forEach(pruned -> lines.add(Words.count(pruned.getImages(), "images") + " that nothing used, "
                        + Texts.size(pruned.getReclaimed()) + ": removed"));
        restorePoint();
        return List.copyOf(lines);
    }

    private void workTree() {
        var whole = chronicle.found(TargetCheckedOut.class).stream()
                .filter(found -> !chronicle.wasUndone(found.step().getId()))
                .findFirst();
        chronicle.found(FilesSetAside.class).stream()
                .filter(aside -> aside.result().getMoved() > 0
                        && !chronicle.wasUndone(aside.step().getId()))
                .forEach(aside -> lines.add(Words.count(aside.result().getMoved(), "files and folders")
                        + " that git does not track: moved to " + aside.result().getDirectory()));
        chronicle.found(FilesSwapped.class).stream()
                .filter(swapped -> !swapped.result().getChanged().isEmpty()
                        && !chronicle.wasUndone(swapped.step().getId()))
                .forEach(swapped -> lines.add(Words.list(swapped.result().getChanged(), 10)
                        + ": put back from the restore point; what was there is in "
                        + swapped.result().getDirectory()));
        boolean parts = chronicle.found(PathsCheckedOut.class).stream()
                .anyMatch(found -> !chronicle.wasUndone(found.step().getId()));
        if (whole.isPresent()) {
            chronicle
                    .last(TargetVerified.class)
                    .map(Found::result)
                    .filter(target -> target.getCommitsSince() > 0)
                    .ifPresent(target -> lines.add(Words.count(target.getCommitsSince(), "commits")
                            + " made since the tag: not checked out any more, still in the repository at "
                            + Words.brief(whole.get().result().getPreviousCommit())));
        }
        if (whole.isPresent() || parts) {
            chronicle
                    .last(ChangesPreserved.class)
                    .map(Found::result)
                    .ifPresent(kept -> lines.add(
                            kept.getPaths() == 0
                                    ? "The work tree had no changes that were not committed"
                                    : Words.count(kept.getPaths(), "paths")
                                            + " changed but not committed: kept under " + kept.getRef()
                                            + " and as the patch " + kept.getPatchFile()));
        }
    }

    private void database() {
        for (var restored : chronicle.found(DatabaseRestored.class)) {
            if (!chronicle.wasUndone(restored.step().getId())) {
                lines.add(
                        "The replaced database: kept as " + restored.result().getKeptAs()
                                + ", until somebody accepts the rollback (`rollbackctl replaced accept`) or its restore point is held no longer");
                for (var other : restored.result().getOthers()) {
                    lines.add(
                            other.getKeptAs() == null
                                    ? "Database " + other.getName() + ", which had been gone, is back"
                                    : "The replaced database " + other.getName() + ": kept as " + other.getKeptAs());
                }
            }
        }
        chronicle
                .found(DatabaseSwappedBack.class, true)
                .forEach(back -> lines.add("The restored database, taken out again: "
                        + (back.detail().isEmpty() ? "where it is kept is not known" : back.detail())));
    }

    /** Volumes stay; what a container wrote elsewhere goes with it, and does not come back when that is undone. */
    private void containers() {
        for (var step : chronicle.plan().getSteps()) {
            boolean replaced = chronicle.found(ContainerDataReplaced.class).stream()
                    .anyMatch(found -> found.step().getId().equals(step.getId()));
            boolean copiedBack = chronicle.wasUndone(step.getId().replace("replace-data", "data"));
            if (step.getAction().getAction() instanceof ReplaceContainerData data
                    && DataEffect.of(data) == DataEffect.REPLACES
                    && replaced
                    && !copiedBack) {
                lines.add(data.getPath() + " of " + data.getService() + ": replaced by that of "
                        + Path.of(data.getRestorePoint()).getFileName() + "; a copy of what was there is in "
                        + data.getKept());
            }
        }
        for (var down : chronicle.found(ComposeIsDown.class)) {
            int removed = down.result().getContainersRemoved();
            if (removed > 0) {
                var copied = copiedData();
                lines.add(Words.count(removed, "containers") + " with what they had written outside of volumes"
                        + (copied.isEmpty() ? "" : "; kept in the restore point: " + Words.list(copied, 10)));
            }
            if (!down.result().getOrphans().isEmpty()) {
                lines.add("Containers of services that the target does not name: "
                        + Words.list(down.result().getOrphans(), 10));
            }
        }
    }

    private void volumes() {
        chronicle
                .last(VolumesRemoved.class)
                .filter(removed -> !chronicle.wasUndone(removed.step().getId()))
                .ifPresent(_ -> chronicle
                        .last(VolumesKept.class)
                        .map(Found::result)
                        .ifPresent(kept -> kept.getVolumes()
                                .forEach(volume -> lines.add("Volume " + volume.getVolume() + ": removed; its content, "
                                        + Texts.size(volume.getBytes()) + ", is kept in " + volume.getArchive()))));
    }

    private List<String> copiedData() {
        var copied = new ArrayList<String>();
        for (var archive : chronicle.found(DataArchived.class)) {
            if (archive.step().getAction().getAction() instanceof CopyContainerData data) {
                copied.add(data.getPath() + " of " + data.getService());
            }
        }
        chronicle.last(LogsCaptured.class).ifPresent(logs -> copied.add("their logs"));
        return copied;
    }

    private void restorePoint() {
        Checklist.ownRestorePoint(chronicle)
                .map(Found::result)
                .ifPresent(point -> lines.add("The state before is kept as restore point " + described(point)));
    }

    private String described(RestorePointVerified point) {
        return point.getRestorePointId() + " in " + point.getDirectory() + ", taken " + words.moment(point.getTakenAt())
                + ", " + Words.count(point.getFiles(), "files") + ", " + Texts.size(point.getBytes());
    }
}
