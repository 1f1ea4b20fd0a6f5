package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.util.Map;

/** What Kafka knows of the restore points that are on disk, or were. */
interface RestorePointCatalogue {
    /** Those of a platform, by id. */
    Map<String, CataloguedRestorePoint> of(String platform, StepContext step) throws StepFailure, InterruptedException;
}
