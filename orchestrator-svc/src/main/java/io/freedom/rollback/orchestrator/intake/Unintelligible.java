package io.freedom.rollback.orchestrator.intake;

/** A report that cannot be understood; the message says what is missing and how to write it. */
final class Unintelligible extends Exception {
    private static final long serialVersionUID = 1L;

    Unintelligible(String message) {
        super(message);
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
