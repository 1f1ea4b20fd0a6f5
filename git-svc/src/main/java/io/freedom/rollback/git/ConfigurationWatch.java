package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.RecordConfiguration;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records changes as they happen, between the looks, which find them anyway: what is changed and changed again before the next look would be lost. The
 * operating system tells of them (inotify); where it does not, as on a network file system, there are the looks alone.
 */
final class ConfigurationWatch {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigurationWatch.class);
    /** An editor writes a file in several steps. */
    private static final Duration QUIET = Duration.ofMillis(200);
    /** What never rests comes to be recorded once in that time. */
    private static final Duration SELDOM = Duration.ofMinutes(1);
    /** Of a work tree: the operating system has some thousands for all programs of a user. */
    private static final int MOST_FOLDERS = 1_000;

    private final Recording recording;
    private final LongSupplier nanos;
    private final Map<Path, Watched> watched = new HashMap<>();
    private @Nullable WatchService service;

    /** @param nanos as {@link System#nanoTime} */
    ConfigurationWatch(Recording recording, LongSupplier nanos) {
        this.recording = recording;
        this.nanos = nanos;
    }

    interface Recording {
        void record(RecordConfiguration action) throws IOException, StepFailure, InterruptedException;
    }

    /** A work tree. */
    private static final class Watched {
        final RecordConfiguration action;
        final Set<Path> paths;
        final long end;
        Map<WatchKey, Path> folders = Map.of();
        /** When what has changed is recorded; null where nothing has. */
        @Nullable
        Long due;

        Duration pause = QUIET;
        /** When that was last done; null where it was not. */
        @Nullable
        Long recorded;

        Watched(RecordConfiguration action, Path root, long now) {
            this.action = action;
            paths = action.getPaths().stream()
                    .map(path -> root.resolve(path).normalize())
                    .collect(Collectors.toUnmodifiableSet());
            end = now + TimeUnit.MILLISECONDS.toNanos(action.getFollow());
        }

        /** Whether something there is configuration, or a folder on the way to it. */
        boolean isOurs(Path changed) {
            return paths.stream().anyMatch(path -> changed.startsWith(path) || path.startsWith(changed));
        }
    }

    /**
     * From now on, for as long as the action says.
     *
     * @return why it cannot be; empty where it is, or is not wanted
     */
    synchronized Optional<String> follow(Path root, RecordConfiguration action) {
        var before = watched.remove(root);
        if (action.getFollow() <= 0) {
            release(before);
            return Optional.empty();
        }
        var now = new Watched(action, root, nanos.getAsLong());
        if (before != null) {
            now.due = before.due;
            now.pause = before.pause;
            now.recorded = before.recorded;
        }
        try {
            register(root, now, started());
        } catch (IOException e) {
            release(before);
            release(now);
            return Optional.of("what is changed and changed again between two looks (" + e.getMessage() + ")");
        }
        watched.put(root, now);
        release(before);
        return Optional.empty();
    }

    synchronized boolean isFollowed(Path root) {
        return watched.containsKey(root);
    }

    private void release(@Nullable Watched gone) {
        if (gone != null) {
            release(gone.folders.keySet());
        }
    }

    /** A folder has one key, however often it is registered, and for whom. */
    private void release(Set<WatchKey> folders) {
        folders.stream()
                .filter(key -> watched.values().stream().noneMatch(each -> each.folders.containsKey(key)))
                .forEach(WatchKey::cancel);
    }

    private WatchService started() throws IOException {
        var running = service;
        if (running == null) {
            running = FileSystems.getDefault().newWatchService();
            service = running;
            var listening = running;
            Thread.ofPlatform().daemon().name("configuration-watch").start(() -> listen(listening));
        }
        return running;
    }

    private static void register(Path root, Watched now, WatchService service) throws IOException {
        var folders = new HashMap<WatchKey, Path>();
        now.folders = folders;
        for (var path : now.paths) {
            var parent = path.getParent();
            while (parent != null && parent.startsWith(root) && !isFolder(parent)) {
                parent = parent.getParent(); // which gets it some day
            }
            if (parent != null && parent.startsWith(root)) {
                register(parent, false, root, folders, service);
            }
            register(path, true, root, folders, service);
        }
    }

    private static boolean isFolder(Path path) {
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    }

    private static void register(
            Path folder, boolean deep, Path root, Map<WatchKey, Path> folders, WatchService service)
            throws IOException {
        if (!isFolder(folder) || ConfigurationPaths.isGits(root.relativize(folder))) {
            return;
        }
        if (folders.size() >= MOST_FOLDERS) {
            throw new IOException("it has more than " + MOST_FOLDERS + " folders");
        }
        try {
            folders.put(
                    folder.register(
                            service,
                            StandardWatchEventKinds.ENTRY_CREATE,
                            StandardWatchEventKinds.ENTRY_MODIFY,
                            StandardWatchEventKinds.ENTRY_DELETE),
                    folder);
            if (deep) {
                try (var children = Files.newDirectoryStream(folder)) {
                    for (var child : children) {
                        register(child, true, root, folders, service);
                    }
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        } catch (NoSuchFileException | NotDirectoryException e) {
            LOG.debug("{} was removed just now", folder, e);
        } catch (AccessDeniedException e) {
            LOG.debug("{} is named by the look", folder, e);
        }
    }

    private void listen(WatchService service) {
        try {
            while (true) {
                listenOnce(service);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void listenOnce(WatchService service) throws InterruptedException {
        var key = service.poll(untilDue(), TimeUnit.NANOSECONDS);
        if (key != null) {
            heard(key);
        }
        for (var root : due()) {
            record(root);
        }
    }

    private synchronized long untilDue() {
        long now = nanos.getAsLong();
        long wait = SELDOM.toNanos();
        for (var each : watched.values()) {
            var due = each.due;
            wait = Math.min(wait, (due == null ? each.end : due) - now);
        }
        return Math.max(wait, 0);
    }

    private synchronized void heard(WatchKey key) {
        var events = key.pollEvents();
        key.reset();
        for (var each : watched.values()) {
            var folder = each.folders.get(key);
            if (folder != null && each.due == null && events.stream().anyMatch(event -> isOurs(event, folder, each))) {
                each.due = nanos.getAsLong() + each.pause.toNanos();
            }
        }
    }

    /** Where too much has changed for the operating system to say what, it may be ours. */
    private static boolean isOurs(WatchEvent<?> event, Path folder, Watched watched) {
        return !(event.context() instanceof Path name) || watched.isOurs(folder.resolve(name));
    }

    /** Ends what has had its time. */
    private synchronized Set<Path> due() {
        long now = nanos.getAsLong();
        var over = watched.values().stream().filter(each -> each.end - now <= 0).toList();
        watched.values().removeAll(over);
        over.forEach(this::release);
        return watched.entrySet().stream()
                .filter(each -> each.getValue().due != null && each.getValue().due - now <= 0)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private void record(Path root) throws InterruptedException {
        RecordConfiguration action;
        synchronized (this) {
            var now = watched.get(root);
            if (now == null || service == null) {
                return;
            }
            long at = nanos.getAsLong();
            var rested = now.recorded;
            now.due = null;
            now.pause = pause(now.pause, rested == null ? null : Duration.ofNanos(at - rested));
            now.recorded = at;
            action = now.action;
            var before = now.folders.keySet();
            try {
                register(root, now, service); // there may be new folders
            } catch (IOException e) {
                LOG.warn("{}: some changes are recorded with the next look only: {}", root, e.getMessage());
            } finally {
                release(before);
            }
        }
        try {
            recording.record(action);
        } catch (IOException | StepFailure | RuntimeException e) {
            LOG.info("{}: a change is recorded with the next look: {}", root, e.getMessage());
        }
    }

    /**
     * How long after the next change it is recorded.
     *
     * @param before the pause until now
     * @param since how long ago it was recorded before; null where it was not
     */
    static Duration pause(Duration before, @Nullable Duration since) {
        boolean soon = since != null && since.compareTo(before.plus(SELDOM)) < 0;
        return soon ? shorter(before.multipliedBy(2), SELDOM) : QUIET;
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
