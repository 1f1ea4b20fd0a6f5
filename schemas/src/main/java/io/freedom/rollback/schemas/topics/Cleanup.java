package io.freedom.rollback.schemas.topics;

/** What Kafka does with old records. */
public enum Cleanup {
    /** Removes them after the retention. */
    DELETE("delete"),
    /** Keeps the latest record of each key. */
    COMPACT("compact");

    private final String policy;

    Cleanup(String policy) {
        this.policy = policy;
    }

    /** Value of {@code cleanup.policy}. */
    public String policy() {
        return policy;
    }
}
