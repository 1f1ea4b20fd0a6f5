package io.freedom.rollback.health;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which keys of an env file have a value. The values themselves are not kept. */
record DotenvFile(Path path, Set<String> filledKeys) {
    private static final long LARGEST = 1 << 20;

    static DotenvFile read(Path path) throws StepFailure {
        var filled = new HashSet<String>();
        for (var line : lines(path)) {
            var entry = line.strip().replaceFirst("^export\\s+", "");
            int equals = entry.indexOf('=');
            if (equals > 0 && !entry.startsWith("#")) {
                var key = entry.substring(0, equals).strip();
                // As compose reads it: the last one counts.
                if (hasValue(entry.substring(equals + 1).strip())) {
                    filled.add(key);
                } else {
                    filled.remove(key);
                }
            }
        }
        return new DotenvFile(path, filled);
    }

    private static List<String> lines(Path path) throws StepFailure {
        try {
            // Opening a pipe would wait for ever.
            if (Files.exists(path) && (!Files.isRegularFile(path) || Files.size(path) > LARGEST)) {
                throw new StepFailure(
                        FailureKind.MISMATCH,
                        "the env file " + path + " is no file, or larger than 1 MiB: put the right one in its place");
            }
            return Files.readAllLines(path);
        } catch (NoSuchFileException e) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "the env file " + path + " is missing: copy it back from the restore point's configuration folder",
                    e);
        } catch (MalformedInputException e) {
            throw new StepFailure(FailureKind.MISMATCH, "the env file " + path + " is not UTF-8 text: mend it", e);
        } catch (IOException e) {
            throw new StepFailure(
                    FailureKind.UNAVAILABLE,
                    "the env file " + path + " cannot be read (" + e + "): check the worker's permissions",
                    e);
        }
    }

    /** @param group alternatives, {@code "KEY_A|KEY_B"} */
    boolean hasOneOf(String group) {
        for (var key : group.split("\\|", -1)) {
            if (filledKeys.contains(key.strip())) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasValue(String written) {
        if (written.isEmpty() || written.startsWith("#")) {
            return false;
        }
        char quote = written.charAt(0);
        if (quote != '"' && quote != '\'') {
            return true;
        }
        int end = written.indexOf(quote, 1);
        return !written.substring(1, end < 0 ? written.length() : end).isBlank();
    }
}
