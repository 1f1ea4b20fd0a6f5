package io.freedom.rollback.ctl.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.freedom.rollback.ctl.view.RestorePoints.Point;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseDumped;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.DumpedDatabase;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.HoldRestorePoint;
import io.freedom.rollback.schemas.action.KeptImage;
import io.freedom.rollback.schemas.action.ManifestWritten;
import io.freedom.rollback.schemas.action.MissingRestorePoint;
import io.freedom.rollback.schemas.action.PointInTimeDerived;
import io.freedom.rollback.schemas.action.ProveWalArchive;
import io.freedom.rollback.schemas.action.ReadPart;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.RestorePointFacts;
import io.freedom.rollback.schemas.action.RestorePointHeld;
import io.freedom.rollback.schemas.action.RestorePointProven;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WalArchiveProven;
import io.freedom.rollback.schemas.history.ConfigurationFollowed;
import io.freedom.rollback.schemas.history.ConfigurationUnfollowed;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.LogArchiveInterrupted;
import io.freedom.rollback.schemas.history.LogsArchived;
import io.freedom.rollback.schemas.history.RestorePointsStored;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.history.StoreInterrupted;
import io.freedom.rollback.schemas.history.WalArchiveInterrupted;
import io.freedom.rollback.schemas.history.WalArchiveNotStored;
import io.freedom.rollback.schemas.history.WalArchiveStored;
import io.freedom.rollback.schemas.history.WalArchived;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RestorePointsTest {
    private static final Instant HELD = Samples.START.plusSeconds(86_400);
    private static final DumpDatabase DUMP = DumpDatabase.newBuilder()
            .setCompose(new ComposeProject("freedom", "/srv", List.of("docker-compose.yml"), null, null, null))
            .setDatabase(
                    new Database("postgres", "freedom_kb", "freedom", "jdbc:postgresql://h/freedom_kb", "p", List.of()))
            .setDirectory("/backups")
            .build();

    private static final ProveWalArchive PROVE_WAL =
            new ProveWalArchive("freedom", DUMP.getCompose(), DUMP.getDatabase(), "/backups", 0L);

    private final List<HistoryEvent> history = new ArrayList<>();

    private void add(@Nullable String id, long seconds, SpecificRecord event) {
        history.add(Samples.event(history.size() + 1, seconds * 1000, id, null, event));
    }

    private void begun(String id, long seconds, UnaryOperator<Plan.Builder> change, SpecificRecord... actions) {
        var steps = Arrays.stream(actions)
                .map(action -> PlanStep.newBuilder(Samples.plan().getSteps().getFirst())
                        .setAction(new StepAction(action))
                        .build())
                .toList();
        var plan = change.apply(Plan.newBuilder(Samples.plan()).setSteps(steps).setRpo(900_000L))
                .build();
        add(
                id,
                seconds,
                RollbackStarted.newBuilder().setPlan(plan).setOperator("ada").build());
    }

    private void done(String id, long seconds, SpecificRecord result) {
        add(id, seconds, new StepSucceeded("s", 1, false, "", false, new StepResult(result)));
    }

    private void dumped(String id, long seconds) {
        done(id, seconds, new DatabaseDumped("/backups/" + id, 3, 100L, "15.18", List.of("freedom_kb", "reports")));
    }

    private void verified(String id, String of, long seconds) {
        done(
                id,
                seconds,
                new RestorePointVerified(of, "/backups/" + of, Samples.START.plusSeconds(seconds), 7, 2_000_000L));
    }

    private List<Point> points() {
        return new RestorePoints(history).all();
    }

    private List<String> lines(long seconds) {
        return new RestorePointTable(new RestorePoints(history))
                .lines(Samples.START.plusSeconds(seconds), ZoneOffset.UTC, Style.PLAIN);
    }

    @Test
    void listsTheNewestFirstAndHowOldItIsAgainstTheObjective() {
        for (var id : List.of("rb-1", "rb-2")) {
            begun(id, 0, plan -> plan, DUMP);
            dumped(id, 10);
            verified(id, id, id.equals("rb-1") ? 20 : 600);
        }

        var lines = lines(1200);
        assertThat(lines.get(1)).startsWith("rb-2").contains("10:00 min", "2.0 MB", "PostgreSQL 15.18");
        assertThat(lines.get(2)).startsWith("rb-1");
        assertThat(lines.getLast())
                .isEqualTo("freedom: what was committed in the last 10:00 min is in no restore point; RPO 15 min");
        assertThat(lines(1800).getLast())
                .endsWith("20:00 min is in no restore point; RPO 15 min, which a restore would miss");
    }

    @Test
    void saysWhichAreInTheStoreAndWhatKeepsTheOthersFromIt() {
        for (var id : List.of("rb-1", "rb-2")) {
            begun(id, 0, plan -> plan, DUMP);
            dumped(id, 10);
            verified(id, id, id.equals("rb-1") ? 20 : 600);
        }
        add(null, 700, new RestorePointsStored(List.of("rb-0", "rb-1"), List.of(), null));
        assertThat(lines(1200).get(1)).startsWith("rb-2").doesNotContain("copied");
        assertThat(lines(1200).get(2)).startsWith("rb-1").contains("copied");
        assertThat(lines(1200).getLast())
                .isEqualTo("freedom: 1 of 2 are in the store, which has 1 more (rb-0), to be fetched with:"
                        + " rollbackctl backups import freedom --id ID");

        add(null, 800, new StoreInterrupted("the store does not answer", false));
        assertThat(lines(1200).getLast()).endsWith("; not all are copied: the store does not answer");
        add(null, 900, new RestorePointsStored(List.of("rb-1", "rb-2"), List.of(), null));
        assertThat(lines(1200).getLast()).isEqualTo("freedom: 2 of 2 are in the store");
    }

    @Test
    void saysHowFarTheCopyOfTheWalArchiveReaches() {
        add(null, 30, new WalArchiveStored(Samples.START.plusSeconds(30), List.of()));
        assertThat(lines(60).getLast())
                .startsWith("freedom: the WAL archive is in the store, too, since ")
                .endsWith("; within the RPO it follows what is committed");

        add(null, 60, new WalArchiveNotStored(Samples.START.plusSeconds(55), "the store does not answer", false));
        assertThat(lines(90).getLast())
                .startsWith("freedom: the WAL archive is not copied to the store (the store does not answer);"
                        + " what was committed until ")
                .endsWith(" is there");
    }

    @Test
    void saysWhichMomentsCanBeDerived() {
        begun("rb-1", 0, plan -> plan, DUMP);
        dumped("rb-1", 10);
        verified("rb-1", "rb-1", 20);
        add(null, 30, new WalArchived(Samples.START.plusSeconds(30), List.of()));

        assertThat(lines(1800))
                .anySatisfy(line -> assertThat(line)
                        .startsWith("freedom: the WAL archive has all that was committed since ")
                        .endsWith("backups derive freedom --at TIME --reason \"…\" --watch"));
        assertThat(lines(1800)).noneMatch(line -> line.contains("is in no restore point"));

        add(null, 60, new WalArchiveInterrupted(Samples.START.plusSeconds(55), "the disk is full", false));

        assertThat(lines(1800))
                .anyMatch(line -> line.startsWith(
                        "freedom: what is committed is not archived (the disk is full); moments until "));
        assertThat(lines(1800)).anyMatch(line -> line.contains("is in no restore point"));
    }

    @Test
    void saysWhatCameOfRecoveringFromTheWalArchive() {
        add(null, 30, new WalArchived(Samples.START.plusSeconds(30), List.of()));
        assertThat(lines(40).getLast())
                .isEqualTo("freedom: from the WAL archive no server was ever recovered to prove it;"
                        + " now: rollbackctl backups verify freedom --wal --watch");

        begun("rb-w", 50, plan -> plan.setScenario("restore-point-wal-check"), PROVE_WAL);
        done(
                "rb-w",
                60,
                new WalArchiveProven(
                        "20260301-030000",
                        Samples.START.plusSeconds(55),
                        "0/3016588",
                        "15.18",
                        2,
                        9,
                        1234L,
                        true,
                        900L));
        assertThat(lines(70).getLast())
                .startsWith("freedom: from the WAL archive a server was recovered ")
                .contains(", to 0/3016588 with all that was committed until ")
                .endsWith(", and 1,234 rows read");

        begun("rb-x", 90, plan -> plan.setScenario("restore-point-wal-check"), PROVE_WAL);
        var step = Samples.plan().getSteps().getFirst().getId();
        add("rb-x", 95, new StepFailed(step, false, FailureKind.MISMATCH, "a segment is missing", false));
        assertThat(lines(99).getLast())
                .startsWith("freedom: from the WAL archive none could be recovered ")
                .contains(" (a segment is missing); the last time a server was recovered ");
    }

    @Test
    void saysUntilWhenChangesOfTheConfigurationAreRecorded() {
        add(null, 30, new ConfigurationFollowed(60_000L, List.of(".env: git ignores it")));
        assertThat(lines(60).getLast())
                .isEqualTo(
                        "freedom: changes of its configuration are recorded; RPO 1 min; not so: .env: git ignores it");

        var until = Samples.START.plusSeconds(100);
        add(null, 200, new ConfigurationUnfollowed(until, 60_000L, "no git worker of its site answers", false));
        assertThat(lines(220).getLast())
                .startsWith(
                        "freedom: changes of its configuration are not recorded (no git worker of its site answers);"
                                + " those until ")
                .endsWith("; RPO 1 min, which is missed");
    }

    @Test
    void saysHowOldTheLogsAreThatAreKept() {
        add(null, 30, new LogsArchived(3_600_000L, List.of("mailer: its log cannot be read")));
        assertThat(lines(1800).getLast())
                .isEqualTo(
                        "freedom: the logs of its containers are kept; RPO 60 min; not so: mailer: its log cannot be read");

        add(
                null,
                7200,
                new LogArchiveInterrupted(Samples.START.plusSeconds(3600), 3_600_000L, "the disk is full", false));
        assertThat(lines(7000).getLast())
                .startsWith("freedom: the logs of its containers are not kept (the disk is full); those until ")
                .endsWith(" are, 56:40 min ago; RPO 60 min");
        assertThat(lines(7300).getLast()).endsWith("; RPO 60 min, which is missed");

        add(null, 7400, new LogsArchived(3_600_000L, List.of()));
        assertThat(lines(7500).getLast()).isEqualTo("freedom: the logs of its containers are kept; RPO 60 min");
    }

    @Test
    void listsWhatWasDerivedWithItsDatabase() {
        begun("rb-1", 0, plan -> plan.setScenario("restore-point-derive"));
        done(
                "rb-1",
                10,
                PointInTimeDerived.newBuilder()
                        .setAsOf(Samples.START)
                        .setLsn("0/1")
                        .setBase("b")
                        .setServerVersion("15.18")
                        .setTables(1)
                        .setRows(1)
                        .setTook(1)
                        .build());
        verified("rb-1", "rb-1", 20);

        assertThat(points()).singleElement().satisfies(point -> {
            assertThat(point.isRestorable()).isTrue();
            assertThat(point.serverVersion()).isEqualTo("15.18");
        });
    }

    @Test
    void saysWhichOnesServeAnalysisOnlyAndWhy() {
        begun("corrupt", 0, plan -> plan.setDistrust("taken after a data corruption"));
        begun("replaced", 0, plan -> plan.setDistrust("of data that were about to be replaced"));
        begun("undumped", 0, plan -> plan, DUMP);
        begun("copy", 0, plan -> plan.setDrillOf("freedom"));
        begun("broken", 0, plan -> plan);
        for (var id : List.of("corrupt", "replaced", "undumped", "copy")) {
            verified(id, id, 20);
        }

        assertThat(points())
                .extracting(Point::id, Point::distrust)
                .containsExactly(
                        tuple("corrupt", "taken after a data corruption"),
                        tuple("replaced", "of data that were about to be replaced"),
                        tuple("undumped", "its database could not be dumped"));
        assertThat(new RestorePoints(history).restorable()).isEmpty();
        assertThat(lines(60)).anyMatch(line -> line.endsWith("analysis only: taken after a data corruption"));
    }

    @Test
    void knowsWhenOneWasLastReadBackAndHowLongItIsHeld() {
        begun("rb-1", 0, plan -> plan, DUMP);
        dumped("rb-1", 10);
        verified("rb-1", "rb-1", 20);
        begun(
                "rb-2",
                100,
                plan -> plan.setRestorePoint("/backups/rb-1"),
                new HoldRestorePoint("/backups/rb-2", 1L, "", "/backups/rb-1"));
        verified("rb-2", "rb-1", 110);
        done("rb-2", 120, new RestorePointHeld(HELD));

        var point = new RestorePoints(history).find("rb-1").orElseThrow();
        assertThat(point.verifiedAt()).isEqualTo(Samples.START.plusSeconds(110));
        assertThat(point.heldUntil()).isEqualTo(HELD);
        assertThat(RestorePointTable.detail(point, HELD, ZoneOffset.UTC, Style.PLAIN))
                .contains(
                        "  where          /backups/rb-1",
                        "  database       dump of PostgreSQL 15.18: freedom_kb, reports")
                .anyMatch(line -> line.endsWith("rollbackctl backups restore rb-1 --reason \"…\" --watch"))
                .anyMatch(line -> line.contains("never; to prove it: rollbackctl backups verify rb-1"));
        assertThat(RestorePointTable.json(point))
                .containsEntry("restorable", true)
                .containsEntry("rpoMillis", 900_000L);
    }

    @Test
    void tellsOfWhichMomentsAndImagesOneIs() {
        begun("rb-1", 0, plan -> plan, DUMP);
        dumped("rb-1", 10);
        var facts = new RestorePointFacts(
                List.of(
                        new DumpedDatabase(
                                "freedom_kb",
                                Samples.START,
                                Samples.START.plusSeconds(5),
                                "0/16B3748",
                                "libc en_US.utf8, version 2.36"),
                        new DumpedDatabase("reports", null, null, null, null)),
                List.of(new ReadPart("models", Samples.START.plusSeconds(1), Samples.START.plusSeconds(9))),
                List.of(
                        new KeptImage("api", "freedom-api", "sha256:0123456789abcdef", List.of()),
                        new KeptImage("postgres", "postgres:15", "sha256:1", List.of("postgres@sha256:2"))));
        done("rb-1", 15, new ManifestWritten(7, 2_000_000L, "0", facts));
        verified("rb-1", "rb-1", 20);

        var point = new RestorePoints(history).find("rb-1").orElseThrow();
        var start = Texts.moment(Samples.START, ZoneOffset.UTC);
        assertThat(RestorePointTable.detail(point, HELD, ZoneOffset.UTC, Style.PLAIN))
                .contains(
                        "  moment         freedom_kb: as of " + start
                                + ", WAL position 0/16B3748, sorted by libc en_US.utf8, version 2.36",
                        "  moment         reports: not noted",
                        "  read           models: between "
                                + Texts.moment(Samples.START.plusSeconds(1), ZoneOffset.UTC) + " and "
                                + Texts.moment(Samples.START.plusSeconds(9), ZoneOffset.UTC),
                        "  image          api: freedom-api, sha256:0123456789ab",
                        "  image          postgres: postgres:15, postgres@sha256:2");
        assertThat(RestorePointTable.json(point))
                .containsKeys("moments", "parts", "images")
                .extractingByKey("moments")
                .asString()
                .contains("lsn=0/16B3748");
    }

    @Test
    void knowsWhichWereRestoredToProveThemAndWhichHaveFailed() {
        var verify = new VerifyRestorePoint(DUMP.getCompose(), "/backups/rb-2", DUMP.getDatabase(), false);
        var restore = RestoreDatabase.newBuilder()
                .setCompose(DUMP.getCompose())
                .setDatabase(DUMP.getDatabase())
                .setRestorePoint("/backups/rb-3")
                .build();
        for (var id : List.of("rb-1", "rb-2", "rb-3", "rb-4")) {
            begun(id, 0, plan -> plan, DUMP);
            dumped(id, 10);
            verified(id, id, 20);
        }
        done("rb-1", 30, new RestorePointProven("rb-1", "15.18", 3, 10L, 900L));
        begun("check", 100, plan -> plan, verify);
        var step = Samples.plan().getSteps().getFirst().getId();
        add("check", 110, new StepFailed(step, false, FailureKind.MISMATCH, "toc.dat was changed", false));
        begun("restore", 120, plan -> plan, restore);
        add("restore", 130, new StepFailed(step, false, FailureKind.MISMATCH, "the dump was changed", false));

        assertThat(points())
                .extracting(Point::id, Point::provenAt, Point::distrust)
                .containsExactly(
                        tuple("rb-1", Samples.START.plusSeconds(30), null),
                        tuple("rb-2", null, "toc.dat was changed"),
                        tuple("rb-3", null, "the dump was changed"),
                        tuple("rb-4", null, null));
        assertThat(lines(60)).anyMatch(line -> line.startsWith("rb-4") && line.contains(" never "));
    }

    @Test
    void knowsWhatWasFoundOnDisk() {
        begun("rb-2", 0, plan -> plan, DUMP);
        dumped("rb-2", 10);
        verified("rb-2", "rb-2", 20);
        var damaged = Samples.plan().getSteps().getFirst().getId();
        begun("check", 30, plan -> plan, new VerifyRestorePoint(DUMP.getCompose(), "/backups/rb-2", null, false));
        add("check", 31, new StepFailed(damaged, false, FailureKind.MISMATCH, "toc.dat was changed", false));
        begun("import", 40, plan -> plan);
        done(
                "import",
                41,
                found(List.of(found("rb-1", null), found("bad", "taken after a breach"), found("rb-2", null))));
        begun("hold", 45, plan -> plan, new HoldRestorePoint("/backups/rb-1", 1L, "", null));
        done("hold", 46, new RestorePointHeld(HELD));
        begun("check-2", 50, plan -> plan);
        done("check-2", 51, new RestorePointProven("rb-1", "15.18", 3, 10L, 900L));

        assertThat(points())
                .extracting(Point::id, Point::provenAt, Point::distrust)
                .containsExactly(
                        tuple("rb-1", Samples.START.plusSeconds(51), null),
                        tuple("bad", null, "taken after a breach"),
                        tuple("rb-2", null, null));
        assertThat(points().getFirst().heldUntil()).isEqualTo(HELD);
        assertThat(points().getFirst().takenBy()).isEqualTo("restore-point");
        assertThat(points().getFirst().rpo()).hasMinutes(15);
    }

    private static RestorePointsFound found(List<FoundRestorePoint> found, MissingRestorePoint... missing) {
        return RestorePointsFound.newBuilder()
                .setRestorePoints(found)
                .setPassedOver(List.of())
                .setMissing(List.of(missing))
                .build();
    }

    @Test
    void offersNothingThatTheDiskHasLostUntilItIsBack() {
        begun("rb-2", 0, plan -> plan, DUMP);
        dumped("rb-2", 10);
        verified("rb-2", "rb-2", 20);
        done("rb-2", 30, new RestorePointProven("rb-2", "15.18", 3, 10L, 900L));
        begun("import", 40, plan -> plan);
        done("import", 41, found(List.of(found("rb-1", null))));
        begun("import-2", 50, plan -> plan);
        done(
                "import-2",
                51,
                found(
                        List.of(),
                        new MissingRestorePoint("rb-1", "it is not on disk: there is no /backups/rb-1"),
                        new MissingRestorePoint("rb-2", "it is not on disk: there is no /backups/rb-2")));

        assertThat(points())
                .extracting(Point::id, Point::isRestorable)
                .containsExactly(tuple("rb-1", false), tuple("rb-2", false));
        assertThat(lines(60))
                .anyMatch(line ->
                        line.startsWith("rb-2") && line.endsWith("none: it is not on disk: there is no /backups/rb-2"));
        assertThat(RestorePointTable.json(points().getLast())).containsEntry("onDisk", false);
        assertThat(RestorePointTable.detail(points().getLast(), Samples.START, ZoneOffset.UTC, Style.PLAIN))
                .anyMatch(line -> line.endsWith("then: rollbackctl backups import freedom"));

        begun("import-3", 60, plan -> plan);
        var back = FoundRestorePoint.newBuilder(found("rb-2", null))
                .setProvenAt(Samples.START.plusSeconds(30))
                .build();
        done("import-3", 61, found(List.of(back)));

        assertThat(points())
                .extracting(Point::id, Point::provenAt, Point::distrust)
                .contains(tuple("rb-2", Samples.START.plusSeconds(30), null));
    }

    private static FoundRestorePoint found(String id, @Nullable String distrust) {
        return FoundRestorePoint.newBuilder()
                .setRestorePointId(id)
                .setDirectory("/backups/" + id)
                .setTakenAt(Samples.START.minusSeconds(100))
                .setTakenBy("restore-point")
                .setFiles(3)
                .setBytes(100)
                .setServerVersion("15.18")
                .setVerifiedAt(Samples.START)
                .setDistrust(distrust)
                .build();
    }

    @Test
    void saysHowToTakeTheFirst() {
        assertThat(lines(0)).hasSize(2);
        assertThat(String.join("\n", lines(0))).contains("--scenario restore-point", "backups import PLATFORM");
    }
}
