package io.freedom.rollback.engine;

import java.io.IOException;

/** A tar archive does not hold what its entries say. */
public final class TarFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    TarFormatException(String message, IOException cause) {
        super(message, cause);
    }
}
