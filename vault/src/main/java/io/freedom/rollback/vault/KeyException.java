package io.freedom.rollback.vault;

import java.io.IOException;

/** A key is missing, is not the one, or cannot be used. Says nothing about what it was to open. */
public final class KeyException extends IOException {
    private static final long serialVersionUID = 1L;

    public KeyException(String message) {
        super(message);
    }
}
