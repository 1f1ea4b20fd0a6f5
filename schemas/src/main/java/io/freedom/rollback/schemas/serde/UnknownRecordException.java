package io.freedom.rollback.schemas.serde;

import org.apache.avro.specific.SpecificRecord;

/** A record holds another that came into the schemas after this release, and must not be taken for one of those known here. */
public final class UnknownRecordException extends UnreadableRecordException {
    private static final long serialVersionUID = 1L;

    private final String unknown;
    private final transient SpecificRecord known;

    UnknownRecordException(String message, String unknown, SpecificRecord known) {
        super(message, null);
        this.unknown = unknown;
        this.known = known;
    }

    /** Name of the record that is not known, without its namespace. */
    public String unknown() {
        return unknown;
    }

    /**
     * All else that was read, so that a sender can be told; where the unknown one was, there is a generic record without
     * fields. Nothing of it may be acted upon.
     */
    public SpecificRecord known() {
        return known;
    }
}
