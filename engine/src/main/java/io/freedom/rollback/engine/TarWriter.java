package io.freedom.rollback.engine;

import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.OutputStream;

/** Writes a tar stream, its end included. */
public interface TarWriter {
    void write(OutputStream tar) throws IOException, StepFailure;
}
