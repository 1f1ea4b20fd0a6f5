package io.freedom.rollback.health;

import io.freedom.rollback.schemas.action.BaselineRecorded;
import io.freedom.rollback.schemas.action.RecordBaseline;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;

/** Counts while the platform still serves; what {@link CheckDatabaseHandler} falls back to. */
final class RecordBaselineHandler implements StepHandler<RecordBaseline> {
    @Override
    public Class<RecordBaseline> action() {
        return RecordBaseline.class;
    }

    @Override
    public Completed execute(RecordBaseline action, StepContext step) throws StepFailure {
        var tables = CountedDatabase.count(action.getDatabase(), step);
        return new Completed(new BaselineRecorded(tables), CountedDatabase.summary(tables));
    }
}
