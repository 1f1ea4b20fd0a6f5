package io.freedom.rollback.orchestrator.admission;

/** Why a command is not followed, or an incident starts nothing. */
final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String reason) {
        super(reason);
    }
}
