package io.freedom.rollback.engine;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Passes on what a program writes. docker-java's own thread writes: while it cannot, nothing is read, and what writes inside waits. */
class Pump extends ResultCallback.Adapter<Frame> {
    /** Bytes that are kept of its standard error. */
    private static final int KEPT = 4096;

    private final OutputStream out;
    private final Calls.Activity activity;
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private volatile @Nullable Throwable failure;

    Pump(OutputStream out, Calls.Activity activity) {
        this.out = out;
        this.activity = activity;
    }

    @Override
    public void onNext(Frame frame) {
        activity.touch();
        if (failure != null) {
            return;
        }
        if (frame.getStreamType() == StreamType.STDERR) {
            keep(frame.getPayload());
            return;
        }
        try {
            out.write(frame.getPayload());
        } catch (IOException | RuntimeException e) {
            onError(e);
        }
    }

    private synchronized void keep(byte[] said) {
        errors.writeBytes(said);
        if (errors.size() > 2 * KEPT) {
            var all = errors.toByteArray();
            errors.reset();
            errors.writeBytes(Arrays.copyOfRange(all, all.length - KEPT, all.length));
        }
    }

    synchronized String said() {
        return errors.toString(StandardCharsets.UTF_8);
    }

    /** Whoever waits says it. */
    @Override
    public void onError(Throwable thrown) {
        if (failure == null) {
            failure = thrown;
        }
        try {
            close();
        } catch (IOException e) {
            thrown.addSuppressed(e);
        }
    }

    /** What this machine's disk says must not be taken for a silence of the engine. */
    void throwFailure() throws StepFailure {
        switch (failure) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Throwable e -> throw new StepFailure(FailureKind.TOOL, String.valueOf(e.getMessage()), e);
        }
    }
}
