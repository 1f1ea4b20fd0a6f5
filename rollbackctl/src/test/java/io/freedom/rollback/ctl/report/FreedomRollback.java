package io.freedom.rollback.ctl.report;

import io.freedom.rollback.schemas.action.*;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Rollbacks of FREEDOM as they went, up to the moment that a test is about. */
final class FreedomRollback {
    static final String BEFORE = "1111111111112222222222223333333333334444";
    static final String AFTER = "aaaaaaaaaaaabbbbbbbbbbbbccccccccccccdddd";
    private static final Instant START = RecordedHistory.START;

    private FreedomRollback() {}

    static List<TableRows> rows(long documents) {
        return List.of(new TableRows("public", "documents", documents), new TableRows("public", "tags", 12L));
    }

    private static ContainerState container(String service, String image) {
        return new ContainerState(
                service,
                "c0ffee",
                "freedom-" + service,
                "freedom-" + service,
                "sha256:" + image,
                "running",
                "healthy",
                null,
                0,
                null);
    }

    /** Assessed and preserved, in 25 s. */
    static RecordedHistory preserved(Plan plan) {
        var history = plan.getRestorePoint() == null
                ? RecordedHistory.byIncident(plan, FreedomPlan.incident("a-1", "5xx above 10 %"))
                : RecordedHistory.byOperator(plan, "ada", "rows are doubled");
        history.step(
                        "git.verify-target",
                        0,
                        220,
                        new TargetVerified(AFTER, 2, List.of("a", "b"), List.of(), List.of(), List.of()),
                        "the tag is 2 commits behind HEAD")
                .step(
                        "git.record-state",
                        0,
                        310,
                        new GitStateRecorded(BEFORE, "main", List.of("gateway.py"), List.of()),
                        "main, 1 path changed")
                .step(
                        "container.record-state",
                        0,
                        640,
                        new ContainersRecorded(
                                List.of(container("api", "0ld0ld0ld0ld"), container("postgres", "f00df00df00d")),
                                START,
                                "26.1.5",
                                "2.29.1"),
                        "2 containers");
        if (plan.getRestorePoint() != null) {
            history.step(
                    "backup.verify-restore-point",
                    0,
                    3000,
                    new RestorePointVerified(
                            "rb-20260131-040000-0001", FreedomPlan.OLDER, START.minusSeconds(22_500), 40, 8_000_000L),
                    "40 files verified");
        }
        return history.step("container.prepare-images", 700, 15_400, new ImagesPrepared(List.of()), "4 images built")
                .at(700)
                .dispatched("backup.database", 1, false)
                .at(2_900)
                .failedForNow(
                        "backup.database", 1, FailureKind.UNAVAILABLE, "the database does not answer: is it up?", 1000)
                .at(3_900)
                .dispatched("backup.database", 2, false)
                .at(9_800)
                .succeeded(
                        "backup.database",
                        2,
                        false,
                        new DatabaseDumped(
                                FreedomPlan.DIRECTORY + "/database", 12, 7_400_000L, "15.18", List.of("freedom_kb")),
                        "7.4 MB")
                .step(
                        "git.preserve-changes",
                        700,
                        1_500,
                        new ChangesPreserved(
                                "refs/rollback/" + RecordedHistory.ID,
                                BEFORE,
                                FreedomPlan.DIRECTORY + "/git/changes.patch",
                                900L,
                                3),
                        "3 paths kept")
                .step("backup.data-kb", 700, 2_100, new DataArchived(9, 51_000L), "9 files")
                .step(
                        "backup.verify",
                        10_000,
                        24_800,
                        new RestorePointVerified(
                                RecordedHistory.ID, FreedomPlan.DIRECTORY, START.plusSeconds(10), 61, 9_200_000L),
                        "61 files verified");
    }

    /** And without service, the target checked out, the database up. */
    static RecordedHistory reverted(Plan plan) {
        return preserved(plan)
                .step(
                        "container.stop-writers",
                        25_000,
                        28_000,
                        new WritersStopped(List.of("api")),
                        "4 services stopped")
                .step("backup.seal-database", 28_000, 28_600, new DatabaseSealed("0/19A2F30", rows(1207)), "sealed")
                .step("container.down", 28_700, 30_100, new ComposeIsDown(5, List.of()), "5 containers removed")
                .step(
                        "git.check-out",
                        28_700,
                        29_900,
                        new TargetCheckedOut(AFTER, BEFORE, null, null),
                        "checked out graveyard/pre-reset")
                .step("git.verify-work-tree", 30_100, 30_300, new WorkTreeVerified(AFTER), "clean, at the tag")
                .step(
                        "health.database-ready",
                        30_300,
                        31_900,
                        new DatabaseReady("15.18", 1200L),
                        "answered after 1.2 s");
    }

    static RecordedHistory reset() {
        var archive = "/var/backups/freedom/.volumes/" + RecordedHistory.ID + "/freedom_postgres_data.tar.zst.age";
        return reverted(FreedomPlan.resetting())
                .step(
                        "container.keep-volumes",
                        30_200,
                        31_000,
                        new VolumesKept(
                                List.of(new KeptVolume(
                                        "freedom_postgres_data",
                                        archive,
                                        48_000_000L,
                                        "local",
                                        Map.of(),
                                        Map.of(),
                                        9_000_000L)),
                                List.of()),
                        "1 volume")
                .step(
                        "container.remove-volumes",
                        31_000,
                        31_100,
                        new VolumesRemoved(List.of("freedom_postgres_data")),
                        "removed freedom_postgres_data");
    }

    static RecordedHistory restored() {
        return restored(FreedomPlan.restoringTheDatabase());
    }

    /** By a plan that knows when the restore point was taken. */
    static RecordedHistory restoredWithin(Duration rpo) {
        var plan = Plan.newBuilder(FreedomPlan.restoringTheDatabase())
                .setRestorePointTakenAt(START.minusSeconds(22_500))
                .setRpo(rpo.toMillis())
                .build();
        return validated(restored(plan), 1200).at(49_000).finished(Outcome.SUCCEEDED, "all steps succeeded", 21_000);
    }

    private static RecordedHistory restored(Plan plan) {
        return reverted(plan)
                .step(
                        "backup.restore-database",
                        32_000,
                        39_000,
                        new DatabaseRestored("freedom_kb__before_a3f9", rows(1200), List.of(), List.of()),
                        "1,212 rows restored");
    }

    static RecordedHistory validated(RecordedHistory history, long documents) {
        return history.step(
                        "container.await-healthy",
                        40_000,
                        46_000,
                        new ServicesHealthy(
                                List.of(container("api", "600d600d600d"), container("postgres", "f00df00df00d"))),
                        "2 services healthy")
                .step(
                        "health.database",
                        46_000,
                        46_300,
                        new DatabaseChecked(rows(documents), List.of()),
                        "2 tables as sealed")
                .step(
                        "health.probes",
                        46_000,
                        46_400,
                        new ProbesPassed(List.of(
                                new ProbeOutcome("API gateway", 200, 7L, "{\"status\": \"healthy\"}"),
                                new ProbeOutcome("Castle GUI", 200, 12L, "<title>FREEDOM Castle</title>"))),
                        "2 probes passed")
                .step(
                        "health.model",
                        46_000,
                        47_900,
                        new ProbesPassed(List.of(new ProbeOutcome("MLX completion", 200, 1800L, "I am well"))),
                        "answered")
                .step(
                        "health.end-to-end",
                        46_000,
                        47_000,
                        new ProbesPassed(
                                List.of(new ProbeOutcome("Query through the gateway", 200, 800L, "All is well"))),
                        "answered")
                .step("health.logs", 48_000, 48_700, new LogsScanned(230L), "no error in 230 lines");
    }

    static RecordedHistory succeeded() {
        return validated(reverted(FreedomPlan.keepingTheData()), 1207)
                .at(49_000)
                .finished(Outcome.SUCCEEDED, "all steps succeeded", 21_000);
    }

    static RecordedHistory restoredAndSucceeded() {
        return validated(restored(), 1200).at(49_000).finished(Outcome.SUCCEEDED, "all steps succeeded", 21_000);
    }

    /** Services do not become healthy, and all is undone. */
    static RecordedHistory compensated() {
        var history = reverted(FreedomPlan.keepingTheData())
                .at(40_000)
                .dispatched("container.await-healthy", 1, false)
                .at(100_000)
                .failed("container.await-healthy", 1, false, FailureKind.MISMATCH, "api is unhealthy: see its log");
        return history.undoing(
                        "Await healthy services failed: api is unhealthy: see its log",
                        "git.check-out",
                        "container.down",
                        "container.stop-writers")
                .dispatched("git.check-out", 1, true)
                .at(102_000)
                .succeeded("git.check-out", 1, true, new ReturnedToPrevious(BEFORE, "main", 3), "back on main")
                .dispatched("container.down", 1, true)
                .at(108_000)
                .succeeded(
                        "container.down",
                        1,
                        true,
                        new ContainersRestored(
                                List.of(container("api", "0ld0ld0ld0ld"), container("postgres", "f00df00df00d"))),
                        "2 containers as recorded")
                .dispatched("container.stop-writers", 1, true)
                .at(110_000)
                .succeeded("container.stop-writers", 1, true, new WritersStarted(List.of("api")), "1 service started")
                .finished(Outcome.COMPENSATED, "Await healthy services failed: api is unhealthy: see its log", 85_000);
    }
}
