package io.freedom.rollback.container;

import io.freedom.rollback.container.LogPosition.Entry;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.LogEntries;
import io.freedom.rollback.schemas.action.LogArchive;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Takes one reading of a container's log: passes over what is kept, and writes the rest. The engine feeds it on a thread of its own. */
final class LogSession implements LogEntries, AutoCloseable {
    /** Entries after which it looks at the clock. */
    private static final int OFTEN = 1024;

    private static final Pattern STAMPED = Pattern.compile("(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z) ");
    private static final int STAMP = "2026-11-26T13:00:05.123456789Z ".length();

    private final LogFiles files;
    private final LogArchive archive;
    private final Vault vault;
    private final EngineContainer container;
    private final StepContext step;
    private final InstantSource clock;
    private final Instant until;
    private final Map<Entry, Integer> ofThisMoment = new HashMap<>();
    private String moment = "";
    /** Whether the reading has the last entries only, and is at the first moment of these. */
    private boolean tail;

    private int count;
    /** The last that is kept, as long as it was not met; null for none. */
    private @Nullable LogPosition sought;

    private @Nullable LogSegment segment;
    private @Nullable Entry last;
    private int times;
    private int written;
    private long lines;
    private boolean ranOut;
    private boolean ended;
    private @Nullable Exception failure;

    /** @param until when the time for it is over */
    LogSession(
            LogFiles files,
            LogArchive archive,
            Vault vault,
            EngineContainer container,
            Optional<LogPosition> known,
            StepContext step,
            InstantSource clock,
            Instant until) {
        this.files = files;
        this.archive = archive;
        this.vault = vault;
        this.container = container;
        this.sought = known.orElse(null);
        this.written = known.map(LogPosition::files).orElse(0);
        this.step = step;
        this.clock = clock;
        this.until = until;
    }

    /** Whether the last entry that is kept is not there any more. */
    synchronized boolean isLost() {
        return sought != null && !ranOut;
    }

    /** For a reading of the last entries only: it may begin among equal ones, which are not to be told from each other then. */
    synchronized void expectTail() {
        tail = true;
    }

    /** For another reading. */
    synchronized void again() {
        ended = false;
        moment = "";
        tail = false;
    }

    /** For another reading, of which all is new. */
    synchronized void takeAll() {
        again();
        sought = null;
    }

    synchronized long lines() {
        return lines;
    }

    synchronized boolean ranOut() {
        return ranOut;
    }

    @Override
    public synchronized boolean take(String stamp, boolean stderr, boolean complete, byte[] text) {
        if (ended || failure != null) {
            return false;
        }
        if (++count % OFTEN == 0 && clock.instant().isAfter(until)) {
            ranOut = true;
            return false;
        }
        if (stamp.isEmpty()) {
            return true; // no log of an engine as we know it
        }
        try {
            entry(Entry.of(stamp, stderr, complete, text), text);
            return true;
        } catch (IOException | StepFailure e) {
            failure = e;
            return false;
        }
    }

    private void entry(Entry entry, byte[] text) throws IOException, StepFailure {
        if (!entry.stamp().equals(moment)) {
            tail &= moment.isEmpty();
            ofThisMoment.clear();
            moment = entry.stamp();
        }
        int timesNow = ofThisMoment.merge(entry, 1, Integer::sum);
        var passing = sought;
        if (passing == null) {
            write(entry, timesNow, entry.stamp(), text);
        } else if (tail) {
            return; // of the first moment
        } else if (entry.equals(passing.entry())) {
            sought = timesNow == passing.times() ? null : passing;
        } else if (passing.entry().begins(entry.stamp(), text)) {
            int from = passing.entry().length();
            var stamp = STAMPED.matcher(
                    new String(text, from, Math.min(STAMP, text.length - from), StandardCharsets.ISO_8859_1));
            if (stamp.lookingAt()) {
                sought = null;
                write(entry, timesNow, stamp.group(1), Arrays.copyOfRange(text, from + STAMP, text.length));
            }
        }
    }

    private void write(Entry entry, int timesNow, String stamp, byte[] text) throws IOException, StepFailure {
        var writing = segment;
        if (writing != null && !writing.takes(stamp)) {
            commit(writing);
            writing = null;
        }
        if (writing == null) {
            requireRoom(files, archive);
            writing = LogSegment.begin(file(stamp), LogSegment.hour(stamp), vault);
            segment = writing;
        }
        writing.write(stamp, entry.stderr(), entry.complete(), text);
        last = entry;
        times = timesNow;
        lines++;
    }

    private Path file(String stamp) throws IOException {
        var name = "%s_%s%d_%s_%04d.log"
                .formatted(
                        LogSegment.hour(stamp),
                        container.oneOff() ? "run" : "",
                        container.number(),
                        LogKeeper.id(container),
                        written + 1);
        return vault.sealed(files.service(LogKeeper.service(container)).resolve(name), true);
    }

    /** From the position on it counts; whoever comes later gives the file its name if we do not. */
    private void commit(LogSegment whole) throws IOException {
        whole.finish();
        step.checkpoint();
        written++;
        var file = whole.file();
        var name = files.root().relativize(file).toString();
        // First, should this thread be ended in between: what the position does not name goes later, what it names
        // stays.
        whole.counts();
        new LogPosition(lastEntry(), times, written, name).write(files.position(LogKeeper.id(container)));
        LogFiles.publish(LogFiles.partial(file), file);
        segment = null;
        files.prune(Duration.ofMillis(archive.getKeepFor()), archive.getBound(), clock.instant());
    }

    private Entry lastEntry() {
        if (last == null) {
            throw new IllegalStateException("a file without an entry");
        }
        return last;
    }

    static void requireRoom(LogFiles files, LogArchive archive) throws IOException, StepFailure {
        long free = files.free();
        if (free < archive.getReserve()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "%s has %d MiB free, less than backups.reserve (%d MiB): free space; logs are kept again then"
                            .formatted(files.root(), free >> 20, archive.getReserve() >> 20));
        }
    }

    /** Takes nothing any more. */
    synchronized void end() {
        ended = true;
    }

    /** Keeps what is left. */
    synchronized void finish() throws IOException, StepFailure {
        switch (failure) {
            case null -> {}
            case IOException e -> throw e;
            case StepFailure e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
        if (segment != null) {
            commit(segment);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        ended = true;
        if (segment != null) {
            segment.close();
        }
    }

    static void recover(LogFiles files, LogFiles.Unfinished unfinished) throws IOException {
        var name = files.root().relativize(unfinished.file()).toString();
        var position = LogPosition.read(files.position(unfinished.container()));
        if (position.filter(known -> known.file().equals(name)).isPresent()) {
            LogFiles.publish(unfinished.partial(), unfinished.file());
        } else {
            Files.deleteIfExists(unfinished.partial());
        }
    }
}
