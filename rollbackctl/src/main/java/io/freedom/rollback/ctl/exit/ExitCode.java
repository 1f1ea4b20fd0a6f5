package io.freedom.rollback.ctl.exit;

/** Exit codes of every command; scripts rely on them. */
public final class ExitCode {
    public static final int OK = 0;
    /** The thing itself failed: the rollback did not succeed, the descriptor is invalid. */
    public static final int FAILED = 1;
    /** Wrong arguments, or a file that cannot be read. */
    public static final int USAGE = 2;
    /** Kafka, the registry or the orchestrator does not answer in time. */
    public static final int UNREACHABLE = 3;
    /** The control plane said no, or what was named does not exist. */
    public static final int REJECTED = 4;

    private ExitCode() {}
}
