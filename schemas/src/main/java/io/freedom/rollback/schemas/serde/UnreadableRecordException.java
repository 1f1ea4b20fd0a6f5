package io.freedom.rollback.schemas.serde;

import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

/** The bytes of a record cannot be read, now or later: keep them as a dead letter and go on. */
public sealed class UnreadableRecordException extends SerializationException permits UnknownRecordException {
    private static final long serialVersionUID = 1L;

    public UnreadableRecordException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
