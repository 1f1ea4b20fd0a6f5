package io.freedom.rollback.health;

import io.freedom.rollback.worker.StepFailure;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Collects error lines of many containers; lines that differ only in numbers (times, ids) count as one. */
final class ErrorLines {
    private static final int LISTED = 10;
    private static final int GROUPS = 1000;
    private static final int SHOWN = 200;

    private record Key(String service, String shape) {}

    private record Group(String line, long count) {
        Group more() {
            return new Group(line, count + 1);
        }
    }

    private final LogRules rules;
    private final Map<Key, Group> groups = new LinkedHashMap<>();
    private long errors;
    private @Nullable StepFailure failure;

    ErrorLines(LogRules rules) {
        this.rules = rules;
    }

    /** Called from the thread that reads the log, which cannot throw a {@link StepFailure}; see {@link #check}. */
    synchronized void accept(String service, String raw) {
        if (failure != null) {
            return;
        }
        try {
            var line = LogRules.readable(raw);
            if (rules.isError(line)) {
                errors++;
                add(service, line);
            }
        } catch (StepFailure e) {
            failure = e;
        }
    }

    private void add(String service, String line) {
        var key = new Key(service, line.replaceAll("\\d+", "#"));
        var known = groups.get(key);
        if (known != null) {
            groups.put(key, known.more());
        } else if (groups.size() < GROUPS) {
            groups.put(key, new Group(shown(line), 1));
        }
    }

    synchronized long count() {
        return errors;
    }

    /** @throws StepFailure if a pattern could not be applied */
    synchronized void check() throws StepFailure {
        if (failure != null) {
            throw failure;
        }
    }

    /** The first kinds of error lines with their services and counts; empty if there was none. */
    synchronized Optional<String> found() {
        if (errors == 0) {
            return Optional.empty();
        }
        var lines = groups.entrySet().stream()
                .limit(LISTED)
                .map(e -> e.getKey().service() + " ×" + e.getValue().count() + ": "
                        + e.getValue().line())
                .collect(Collectors.joining("; "));
        int more = groups.size() - LISTED;
        return Optional.of(errors
                + (errors == 1 ? " error line: " : " error lines: ")
                + lines
                + (more > 0 ? "; and " + more + (groups.size() == GROUPS ? " or more" : "") + " other kinds" : ""));
    }

    private static String shown(String line) {
        var clean = line.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
        return clean.length() <= SHOWN ? clean : clean.substring(0, SHOWN) + "…";
    }
}
