package io.freedom.rollback.ctl.report;

import io.freedom.rollback.schemas.action.*;
import io.freedom.rollback.schemas.step.PlanStep;
import java.util.Objects;

/** What a step may do to committed data. A new action is UNKNOWN until somebody has thought about it and says so here. */
enum DataEffect {
    KEEPS,
    REPLACES,
    UNKNOWN;

    static DataEffect of(PlanStep step) {
        return of(step.getAction().getAction());
    }

    static DataEffect of(Object action) {
        return switch (action) {
            case RestoreDatabase _, RemoveVolumes _, RestoreVolumes _ -> REPLACES;
            // To put back what was copied at the same stop gives nothing up.
            case ReplaceContainerData data -> Objects.equals(data.getRestorePoint(), data.getKept()) ? KEEPS : REPLACES;
            case VerifyTarget _,
                    RecordGitState _,
                    PreserveChanges _,
                    AddWorktree _,
                    RemoveWorktree _,
                    CheckOutTarget _,
                    VerifyWorkTree _,
                    ReturnToPrevious _,
                    CheckOutPaths _,
                    ReturnPaths _,
                    SetFilesAside _,
                    BringFilesBack _,
                    SwapFiles _,
                    RecordConfiguration _ -> KEEPS;
            // Volumes stay, whatever happens to the containers.
            case CheckCompose _,
                    ForecastContainers _,
                    RecordContainers _,
                    PrepareImages _,
                    CaptureLogs _,
                    KeepLogs _,
                    PreserveEvidence _,
                    StopWriters _,
                    StartWriters _,
                    ComposeDown _,
                    AdoptImages _,
                    RestoreImages _,
                    ComposeUp _,
                    AwaitHealthy _,
                    RestoreContainers _,
                    PruneImages _,
                    StopServices _,
                    RestartServices _,
                    MeasureUsage _,
                    AwaitLog _,
                    CheckVolumes _,
                    KeepVolumes _ -> KEEPS;
            case CheckBackupSpace _,
                    CheckDatabaseServer _,
                    DumpDatabase _,
                    CopyConfiguration _,
                    CopyModifiedFiles _,
                    ArchiveModels _,
                    CopyContainerData _,
                    WriteManifest _,
                    VerifyRestorePoint _,
                    HoldRestorePoint _,
                    PruneRestorePoints _,
                    ProveRestorePoint _,
                    ProveWalArchive _,
                    KeepWalArchive _,
                    DerivePointInTime _,
                    FindRestorePoints _,
                    CopyRestorePoints _,
                    FetchRestorePoints _,
                    CopyWalArchive _,
                    FetchWalArchive _,
                    SealDatabase _,
                    SwapDatabaseBack _,
                    CountReplacedRows _,
                    // Not those that the platform works with.
                    DropReplacedDatabases _,
                    ExportData _,
                    ImportData _,
                    UnpackFiles _,
                    RemoveUnpackedFiles _,
                    CheckContainerData _ -> KEEPS;
            // Of a drill's copy, which nobody's data are in.
            case CopyRepository _, LayFiles _, FillContainerData _, RemoveCopy _, RemoveCopiedFiles _ -> KEEPS;
            case AwaitApproval _,
                    RecordBaseline _,
                    AwaitDatabase _,
                    ProbeHttp _,
                    CheckModel _,
                    CheckEndToEnd _,
                    CheckDatabase _,
                    ScanLogs _,
                    LookForAnomalies _,
                    CheckFiles _ -> KEEPS;
            default -> UNKNOWN;
        };
    }
}
