package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Files that it may take several looks to read, and others to send: each look goes on where the one before has ended. */
final class LargeUploads {
    /** Taken out while they are at work, so that no two looks add to the same. */
    private final Map<Path, FileSums> sums = new ConcurrentHashMap<>();

    interface Telling {
        /**
         * @param sent bytes that were sent just now
         * @param there bytes that came to be there, or turned out to be
         * @param far how far it is, for people
         * @return false to stop
         */
        boolean goesOn(long sent, long there, String far);
    }

    /** What was removed before it was there. */
    void forgetRemoved() {
        sums.keySet().removeIf(file -> !Files.exists(file));
    }

    void forget(Path file) {
        sums.remove(file);
    }

    /** @return whether it is there now */
    boolean send(S3Store store, String key, Path file, Telling telling)
            throws IOException, StepFailure, InterruptedException {
        var kept = sums.remove(file);
        var own = kept != null && kept.areOf(file) ? kept : FileSums.of(file);
        boolean sent = false;
        try {
            sent = own.readOn(read -> telling.goesOn(0, 0, of(read, own) + " read for its hash"))
                    && new S3Upload(store, key, file, own.sha256(), own).send(counted(own, telling));
            return sent;
        } finally {
            if (!sent) {
                sums.put(file, own);
            }
        }
    }

    private static S3Upload.Progress counted(FileSums sums, Telling telling) {
        return new S3Upload.Progress() {
            private long before;

            @Override
            public boolean goesOn(int sent, long there) {
                long more = there - before;
                before = there;
                return telling.goesOn(sent, more, of(there, sums) + " there");
            }
        };
    }

    private static String of(long bytes, FileSums sums) {
        return Disk.size(bytes) + " of " + Disk.size(sums.size());
    }
}
