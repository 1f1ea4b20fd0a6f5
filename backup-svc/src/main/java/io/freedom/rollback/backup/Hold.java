package io.freedom.rollback.backup;

import java.time.Instant;

/** Says in a restore point that it may not be removed. */
record Hold(Instant until, String because) {}
