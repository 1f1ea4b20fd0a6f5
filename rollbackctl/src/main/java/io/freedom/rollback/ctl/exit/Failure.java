package io.freedom.rollback.ctl.exit;

/** An expected end: its message, which says what to do, goes to standard error without a stack trace. */
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    private Failure(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    public static Failure failed(String message) {
        return new Failure(ExitCode.FAILED, message);
    }

    public static Failure usage(String message) {
        return new Failure(ExitCode.USAGE, message);
    }

    public static Failure unreachable(String message) {
        return new Failure(ExitCode.UNREACHABLE, message);
    }

    public static Failure rejected(String message) {
        return new Failure(ExitCode.REJECTED, message);
    }

    public int exitCode() {
        return exitCode;
    }
}
