package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.ConfigurationRecorded;
import io.freedom.rollback.schemas.action.RecordConfiguration;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jgit.errors.ObjectWritingException;
import org.eclipse.jgit.lib.ObjectId;

/**
 * Records the configuration where it is not as recorded last, and goes on recording what changes for as long as the action says. Neither index nor work
 * tree nor branches are touched, and no hook runs.
 */
final class RecordConfigurationHandler extends GitStep<RecordConfiguration> {
    /** Files that change while they are read are read again. */
    private static final int READINGS = 5;

    private final InstantSource clock;
    private final Map<Path, Seen> seen = new ConcurrentHashMap<>();
    /** In this process one waits for the other. */
    private final Map<Path, Lock> locks = new ConcurrentHashMap<>();

    private final ConfigurationWatch watch = new ConfigurationWatch(this::record, System::nanoTime);

    RecordConfigurationHandler(WorkTrees trees, InstantSource clock) {
        super(trees, RecordConfiguration.class);
        this.clock = clock;
    }

    /** What was recorded when the files had these stamps. */
    private record Seen(
            RecordConfiguration action,
            Map<String, FileStamp> stamps,
            Optional<ObjectId> tip,
            int files,
            List<String> notes) {}

    ConfigurationWatch watch() {
        return watch;
    }

    @Override
    String workTree(RecordConfiguration action) {
        return action.getWorkTree();
    }

    private interface Checkpoint {
        void pass() throws StepFailure, InterruptedException;
    }

    @Override
    Completed act(RecordConfiguration action, Site site) throws IOException, StepFailure, InterruptedException {
        // From now on nothing escapes: what changes while the rest is read is recorded once more.
        var unwatched = watch.follow(site.repository().root(), action);
        if (action.getFollow() < 0) {
            var nothing = ConfigurationRecorded.newBuilder()
                    .setUntil(clock.instant().truncatedTo(ChronoUnit.MILLIS))
                    .setFiles(0)
                    .build();
            return new Completed(nothing, "recorded no more");
        }
        var recorded = record(action, site.repository(), site.step()::checkpoint);
        if (unwatched.isPresent()) {
            var notes = new ArrayList<>(recorded.getNotes());
            notes.add(unwatched.get());
            recorded =
                    ConfigurationRecorded.newBuilder(recorded).setNotes(notes).build();
        }
        var commit = recorded.getCommit();
        var detail = recorded.getChanged().isEmpty() || commit == null
                ? recorded.getFiles() + " files, unchanged"
                : site.name(ObjectId.fromString(commit)) + " records " + Names.few(recorded.getChanged());
        return new Completed(recorded, detail);
    }

    private void record(RecordConfiguration action) throws IOException, StepFailure, InterruptedException {
        try (var repository = GitRepository.open(action.getWorkTree())) {
            record(action, repository, () -> {});
        }
    }

    private ConfigurationRecorded record(RecordConfiguration action, GitRepository repository, Checkpoint checkpoint)
            throws IOException, StepFailure, InterruptedException {
        var lock = locks.computeIfAbsent(repository.root(), _ -> new ReentrantLock());
        lock.lockInterruptibly();
        try {
            return recorded(action, repository, checkpoint);
        } finally {
            lock.unlock();
        }
    }

    private ConfigurationRecorded recorded(RecordConfiguration action, GitRepository repository, Checkpoint checkpoint)
            throws IOException, StepFailure, InterruptedException {
        var paths = ConfigurationPaths.of(repository, action.getPaths());
        var history = new ConfigurationHistory(repository);
        repository.writeThrough();
        try (var _ = TreeLock.ofConfiguration(repository)) {
            var why = "";
            ObjectId last = null;
            for (int reading = 1; reading <= READINGS; reading++) {
                var began = clock.instant().truncatedTo(ChronoUnit.MILLIS);
                var before = paths.stamps();
                var known = seen.get(repository.root());
                if (known != null
                        && known.action().equals(action)
                        && known.stamps().equals(before)
                        && known.tip().equals(history.tip())) {
                    return unchanged(known, began);
                }
                try {
                    var files = new ConfigurationReading(repository, action.getSecrets());
                    var tree = files.read(paths);
                    checkpoint.pass();
                    var after = paths.stamps();
                    var moving = moving(before, after, began);
                    if (moving.isEmpty() || before.equals(after) && tree.equals(last)) {
                        var recorded = history.record(tree);
                        if (recorded.isPresent()) {
                            remember(
                                    repository.root(),
                                    new Seen(action, before, history.tip(), files.files(), files.notes()),
                                    moving.isEmpty());
                            return completed(recorded.get(), files, began);
                        }
                        why = "another git process holds " + ConfigurationHistory.REF;
                    } else {
                        moving.removeIf(path -> Path.of(path).startsWith(repository.commonDirectory()));
                        why = "these files change again and again while they are read: " + Names.few(moving)
                                + ". Configuration is what people change: name only that in `configuration` of the descriptor";
                    }
                    last = tree;
                } catch (ObjectWritingException e) {
                    // A `git gc` removes folders of objects that are empty for the moment.
                    if (reading == READINGS) {
                        throw e;
                    }
                }
            }
            throw new StepFailure(FailureKind.UNAVAILABLE, why);
        }
    }

    /** Files that have changed, or may have without another stamp: these are read until two readings are the same. */
    private static TreeSet<String> moving(Map<String, FileStamp> before, Map<String, FileStamp> after, Instant began) {
        var moving = new TreeSet<>(before.keySet());
        moving.addAll(after.keySet());
        moving.removeIf(path -> {
            var stamp = after.get(path);
            return stamp != null && stamp.equals(before.get(path)) && stamp.isSettled(began);
        });
        return moving;
    }

    /** @param settled whether a later change would show in the stamps */
    private void remember(Path root, Seen now, boolean settled) {
        if (settled) {
            seen.put(root, now);
        } else {
            seen.remove(root);
        }
    }

    private static ConfigurationRecorded completed(
            ConfigurationHistory.Recorded recorded, ConfigurationReading files, Instant began) {
        var commit = recorded.commit();
        return ConfigurationRecorded.newBuilder()
                .setCommit(commit == null ? null : commit.name())
                .setUntil(began)
                .setFiles(files.files())
                .setChanged(recorded.changed())
                .setNotes(files.notes())
                .build();
    }

    private static ConfigurationRecorded unchanged(Seen known, Instant now) {
        return ConfigurationRecorded.newBuilder()
                .setCommit(known.tip().map(ObjectId::name).orElse(null))
                .setUntil(now)
                .setFiles(known.files())
                .setNotes(known.notes())
                .build();
    }
}
