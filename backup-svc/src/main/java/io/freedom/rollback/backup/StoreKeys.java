package io.freedom.rollback.backup;

/**
 * Where things are in the store, below the platform's folder: what manifests name by its hash, once for all restore points; all else of a
 * restore point below its id. One is whole once its manifest is there, which comes last. The WAL archive is as on the disk.
 */
final class StoreKeys {
    static final String OBJECTS = "objects/";
    static final String POINTS = "points/";
    static final String WAL = "wal/";
    /** Paths of the files that may be executed, JSON. */
    static final String EXECUTABLE = "executable.json";

    private StoreKeys() {}

    static String object(String sha256) {
        return OBJECTS + sha256;
    }

    /** @param path relative to the restore point's folder */
    static String of(String point, String path) {
        return POINTS + point + "/" + path;
    }

    static String manifest(String point) {
        return of(point, RestorePoint.MANIFEST);
    }

    /** Beside its folder, where no file of a restore point can be. */
    static String executable(String point) {
        return POINTS + point + "." + EXECUTABLE;
    }

    /** @param path relative to the run's folder */
    static String ofRun(String run, String path) {
        return WAL + run + "/" + path;
    }

    static boolean isOurs(String key) {
        boolean isFile = !key.endsWith("/") && !key.isEmpty();
        return isFile
                && (!key.startsWith(POINTS)
                        || key.indexOf('/', POINTS.length()) > POINTS.length()
                        || key.endsWith("." + EXECUTABLE) && key.length() > POINTS.length() + EXECUTABLE.length() + 1);
    }

    /** Id of the restore point that a key of a file belongs to. */
    static String point(String key) {
        int slash = key.indexOf('/', POINTS.length());
        return key.substring(POINTS.length(), slash < 0 ? key.length() - EXECUTABLE.length() - 1 : slash);
    }
}
