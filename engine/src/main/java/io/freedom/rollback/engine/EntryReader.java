package io.freedom.rollback.engine;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Takes the engine's stream of a log with timestamps apart. docker-java gives pieces of it that end anywhere; but where the other stream goes on,
 * an entry has ended.
 */
final class EntryReader extends ResultCallback.Adapter<Frame> {
    private final Calls.Activity activity;
    private final EntryLine stdout;
    private final EntryLine stderr;
    private boolean stopped;
    private volatile @Nullable RuntimeException failure;

    EntryReader(Calls.Activity activity, LogEntries entries) {
        this.activity = activity;
        this.stdout = new EntryLine(entries, false);
        this.stderr = new EntryLine(entries, true);
    }

    @Override
    public void onNext(Frame frame) {
        activity.touch();
        if (stopped) {
            return;
        }
        try {
            boolean error = frame.getStreamType() == StreamType.STDERR;
            boolean goesOn = (error ? stdout : stderr).end()
                    && (error ? stderr : stdout).add(frame.getPayload(), frame.getStreamType() == StreamType.RAW);
            if (!goesOn) {
                stopped = true;
                close();
            }
        } catch (RuntimeException | IOException e) {
            stopped = true;
            failure = e instanceof RuntimeException thrown ? thrown : new IllegalStateException(e);
        }
    }

    /** Whoever waits says it; nobody else needs to read of a logging driver that cannot be read, each hour. */
    @Override
    public void onError(Throwable thrown) {
        if (!stopped) {
            stopped = true;
            failure = thrown instanceof RuntimeException e ? e : new IllegalStateException(thrown);
        }
        try {
            close();
        } catch (IOException e) {
            thrown.addSuppressed(e);
        }
    }

    /** Once the stream has ended. Throws what taking an entry has thrown. */
    void finish() {
        var thrown = failure;
        if (thrown != null) {
            throw thrown;
        }
        if (!stopped) {
            stopped = !stdout.end() || !stderr.end();
        }
    }
}
