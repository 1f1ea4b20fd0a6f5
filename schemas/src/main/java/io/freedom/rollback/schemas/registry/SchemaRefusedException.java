package io.freedom.rollback.schemas.registry;

import org.apache.kafka.common.errors.SerializationException;

/** The registry answers, and does not take or know this schema: incompatible, invalid or not registered. */
public final class SchemaRefusedException extends SerializationException {
    private static final long serialVersionUID = 1L;

    public SchemaRefusedException(String message) {
        super(message);
    }
}
