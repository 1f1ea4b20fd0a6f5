package io.freedom.rollback.schemas.topics;

/** Names of record headers. */
public final class Headers {
    /** On an incident: somebody waits for the decision, so that it is told, however often it was before. */
    public static final String AWAITED = "rollback.awaited";

    private Headers() {}
}
