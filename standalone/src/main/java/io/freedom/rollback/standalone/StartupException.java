package io.freedom.rollback.standalone;

import org.jspecify.annotations.Nullable;

/** An expected reason why the system cannot start; its message says what is wrong and what to do. */
public final class StartupException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StartupException(String message) {
        this(message, null);
    }

    public StartupException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    public String text() {
        var message = getMessage();
        return message == null ? "the start failed" : message;
    }
}
