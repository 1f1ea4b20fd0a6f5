package io.freedom.rollback.engine;

import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.InputStream;

/** Reads a tar stream to its end and returns how many bytes it took of it. */
public interface TarReader {
    long read(InputStream tar) throws IOException, StepFailure;
}
