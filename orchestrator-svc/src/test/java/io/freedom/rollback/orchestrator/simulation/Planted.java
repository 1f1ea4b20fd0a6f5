package io.freedom.rollback.orchestrator.simulation;

/** Faults that are built in on purpose, to see that the simulation finds them. */
enum Planted {
    NOTHING,
    /** What an orchestrator that dies has written is seen all the same. */
    WRITES_WITHOUT_TRANSACTION,
    /** What is written is lost when an orchestrator dies right after its stores were committed. */
    STORES_BEFORE_PUBLISHING,
    /** The newest event is not in the store when an orchestrator starts again. */
    LOSES_THE_NEWEST_EVENT,
    /** What is reported of any attempt counts as of the newest, of the step or of its undo. */
    REPORTS_ARE_NOT_FENCED,
    /** A worker neither asks whether its attempt may go on nor lets itself be interrupted. */
    NO_CHECKPOINT,
    /** A worker acts without looking whether its effect is there. */
    NO_PROBE,
    /** A worker does not know of other attempts of the same step. */
    NO_LANES,
    /** A worker works on where another one has its partitions now. */
    NOTHING_IS_RELINQUISHED,
    /** A worker that is cut off, or stood still, goes on as long as it does not know. */
    NO_LEASE,
    /** A worker carries out what another one may have carried out already. */
    NOTHING_IS_HANDED_BACK,
    /** A step is done when its worker says that it has begun. */
    DONE_WHEN_ACCEPTED,
}
