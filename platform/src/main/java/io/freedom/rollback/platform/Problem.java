package io.freedom.rollback.platform;

/**
 * One thing that is wrong with a descriptor.
 *
 * @param line counts from 1
 * @param column counts from 1
 * @param path where in the document, e.g. {@code probes.http[0].url}; empty for the document as a whole
 * @param message what is wrong and what to write instead
 */
public record Problem(int line, int column, String path, String message) {
    /** As a compiler would say it: {@code platform.yaml:12:3: compose.envFile: must be relative to workTree}. */
    public String render(String sourceName) {
        var what = path.isEmpty() ? message : path + ": " + message;
        return sourceName + ":" + line + ":" + column + ": " + what;
    }
}
