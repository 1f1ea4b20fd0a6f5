package io.freedom.rollback.schemas.serde;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** What a dead letter keeps of a record: it must fit into a record again, whatever the record was compressed to. */
public final class Beginning {
    /** Bytes of a value that are kept. */
    public static final int VALUE = 128 << 10;

    /** Bytes of a key that are kept: ours are names. */
    public static final int KEY = 1 << 10;

    private Beginning() {}

    /** Null for none. */
    public static @Nullable ByteBuffer ofKey(byte @Nullable [] key) {
        return of(key, KEY);
    }

    /** Null for none. */
    public static @Nullable ByteBuffer ofValue(byte @Nullable [] value) {
        return of(value, VALUE);
    }

    /** @param most bytes that are kept */
    public static @Nullable ByteBuffer of(byte @Nullable [] bytes, int most) {
        return bytes == null ? null : ByteBuffer.wrap(bytes, 0, Math.min(bytes.length, most));
    }
}
