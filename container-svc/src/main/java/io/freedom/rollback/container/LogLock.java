package io.freedom.rollback.container;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** One at a time keeps the log of a container, in this process and among those of this machine. A killed one lets go. */
final class LogLock implements AutoCloseable {
    private static final long PAUSE = 50;

    // The process has a file's lock as a whole, and loses it with the first channel to it that is closed.
    private static final Map<Path, ReentrantLock> OURS = new ConcurrentHashMap<>();

    private final ReentrantLock own;
    private final FileChannel channel;

    private LogLock(ReentrantLock own, FileChannel channel) {
        this.own = own;
        this.channel = channel;
    }

    /** Empty where another has it for all that time. */
    static Optional<LogLock> take(Path path, Duration patience) throws IOException, InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        var own = OURS.computeIfAbsent(path, _ -> new ReentrantLock());
        if (!own.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS)) {
            return Optional.empty();
        }
        FileChannel channel = null;
        boolean taken = false;
        try {
            channel = FileChannel.open(
                    path, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), LogFiles.PRIVATE);
            taken = channel.tryLock() != null;
            while (!taken && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(PAUSE);
                taken = channel.tryLock() != null;
            }
            return taken ? Optional.of(new LogLock(own, channel)) : Optional.empty();
        } finally {
            if (!taken) {
                if (channel != null) {
                    channel.close();
                }
                own.unlock();
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            own.unlock();
        }
    }
}
