package io.freedom.rollback.platform;

import java.util.List;

/** Regular expressions of log lines that are errors, and of those among them that are not. */
public record Logs(List<String> errors, List<String> ignore) {
    public Logs {
        errors = List.copyOf(errors);
        ignore = List.copyOf(ignore);
    }
}
