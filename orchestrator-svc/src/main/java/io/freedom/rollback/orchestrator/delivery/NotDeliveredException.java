package io.freedom.rollback.orchestrator.delivery;

/** A message did not get through; the message says why and what to do. */
final class NotDeliveredException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean forGood;

    private NotDeliveredException(String message, boolean forGood) {
        super(message);
        this.forGood = forGood;
    }

    static NotDeliveredException forNow(String message) {
        return new NotDeliveredException(message, false);
    }

    static NotDeliveredException forGood(String message) {
        return new NotDeliveredException(message, true);
    }

    /** The same message would be refused again. */
    boolean isForGood() {
        return forGood;
    }
}
