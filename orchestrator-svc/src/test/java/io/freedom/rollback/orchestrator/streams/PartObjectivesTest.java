package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.LogsKept;
import io.freedom.rollback.schemas.action.ManifestWritten;
import io.freedom.rollback.schemas.action.PointInTimeDerived;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.history.RpoAtRisk;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.state.LogLooks;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepResult;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** People are told before a restore of models, logs or configuration would miss the objectives of the runbook. */
class PartObjectivesTest extends OneTask {
    private static final int HOUR = 3600;

    private void planned(String backups, RestorePoint... known) {
        var descriptor = DESCRIPTOR.replace("reserve: 512MiB}", "reserve: 512MiB, " + backups + "}");
        var state = Platforms.registered(store.platform("freedom"), descriptor);
        for (var point : known) {
            state = Platforms.restorable(state, point);
        }
        store.put(Schedules.planned(state, END));
    }

    private static RestorePoint point(String id, Instant takenAt) {
        return new RestorePoint(id, "/var/backups/freedom/" + id, takenAt, null, null, null);
    }

    private List<RpoAtRisk> warned(Instant now) {
        schedules.partsAtRisk(now).forEach(platform -> schedules.warnOfParts(platform, now));
        return facts(RpoAtRisk.class);
    }

    @Test
    void tellsOnceBeforeModelsAreOlderThanADay() {
        planned("every: 1h", point("rb-0", END));
        assertThat(warned(after(19 * HOUR))).isEmpty();

        wired(); // another orchestrator goes on
        warned(after(19 * HOUR + 1000));
        assertThat(warned(after(30 * HOUR)))
                .containsExactly(new RpoAtRisk("rb-0", END, 24L * HOUR * 1000, after(24 * HOUR), "models"));
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: what is kept of its models grows too old");
            assertThat(message.getText()).contains("in rb-0; a restore misses the RPO of ");
        });

        var newer = Platforms.restorable(store.platform("freedom"), point("rb-1", after(31 * HOUR)));
        store.put(Schedules.objective(newer, after(31 * HOUR)));
        assertThat(warned(after(32 * HOUR))).hasSize(1);
        assertThat(warned(after(31 * HOUR + 20 * HOUR))).hasSize(2);
    }

    @Test
    void takesNoRestorePointForOneOfModelsThatHoldsDatabasesAlone() {
        planned("every: 1h", point("rb-0", END));
        var derived = FoundRestorePoint.newBuilder()
                .setRestorePointId("rb-derived")
                .setDirectory("/var/backups/freedom/rb-derived")
                .setTakenAt(after(10 * HOUR))
                .setTakenBy("restore-point-derive")
                .setFiles(3)
                .setBytes(100)
                .setVerifiedAt(after(10 * HOUR))
                .build();
        operator("rb-import", "restore-point-import", null);
        var found = RestorePointsFound.newBuilder()
                .setRestorePoints(List.of(derived))
                .setPassedOver(List.of())
                .build();
        done("backup.find-restore-points", found);

        assertThat(Platforms.offered(store.platform("freedom"))).hasSize(2);
        assertThat(warned(after(20 * HOUR)))
                .extracting(RpoAtRisk::getRestorePoint, RpoAtRisk::getPart)
                .containsExactly(tuple("rb-0", "models"));
    }

    @Test
    void takesWhatItDerivesForDatabasesAlone() {
        planned("every: 1h, wal: {}", point("rb-0", END.minusSeconds(60)));
        operator("rb-derived", "restore-point-derive", "latest");
        done(
                "backup.derive",
                PointInTimeDerived.newBuilder()
                        .setAsOf(END)
                        .setLsn("0/1")
                        .setBase("b")
                        .setServerVersion("15.18")
                        .setTables(1)
                        .setRows(1)
                        .setTook(1)
                        .build());
        done("backup.manifest", new ManifestWritten(1, 1L, "00", null));
        done("backup.verify", new RestorePointVerified("rb-derived", "/var/backups/freedom/rb-derived", END, 1, 1L));

        assertThat(Platforms.offered(store.platform("freedom")))
                .extracting(RestorePoint::getId)
                .contains("rb-derived");
        assertThat(Platforms.withFiles(store.platform("freedom")))
                .hasValueSatisfying(newest -> assertThat(newest.getId()).isEqualTo("rb-0"));
    }

    private void operator(String id, String scenario, @Nullable String restorePoint) {
        var start = StartRollback.newBuilder()
                .setRollbackId(id)
                .setScenario(scenario)
                .setRestorePoint(restorePoint)
                .build();
        admissions.commanded(
                OperatorCommand.newBuilder()
                        .setCommandId("c-" + id)
                        .setPlatform("freedom")
                        .setOperator("ada")
                        .setAt(END)
                        .setCommand(start)
                        .build(),
                END);
    }

    private void done(String step, SpecificRecord result) {
        admissions.advance(
                "freedom",
                new RollbackCommand.Complete(new AttemptId(step, false, 1), new StepResult(result), "", false),
                null,
                END);
    }

    @Test
    void tellsBeforeLogsAreOlderThanAnHour() {
        planned("logs: {every: 10m}");
        kept(1, END);
        assertThat(warned(after(2879))).isEmpty();
        assertThat(warned(after(2881))).containsExactly(new RpoAtRisk(null, END, 3_600_000L, after(HOUR), "logs"));
        assertThat(warned(after(9000))).as("once").hasSize(1);
    }

    @Test
    void countsFromTheNewestLogsThatAreKept() {
        planned("logs: {every: 10m}");
        kept(1, END);
        kept(2, after(600));
        assertThat(warned(after(600 + 2879))).isEmpty();
        assertThat(warned(after(600 + 2881))).hasSize(1);
    }

    /** A worker answers a look. */
    private void kept(int look, Instant until) {
        for (var care : Caretaker.CARES) {
            caretaker.lookedAfter(care).forEach(platform -> caretaker.tick(care, platform, until));
        }
        var logs = store.platform("freedom").getLogs();
        assertThat(logs).isNotNull();
        caretaker.heard(
                StepEvent.newBuilder()
                        .setPlatform("freedom")
                        .setRollbackId(logs.getId())
                        .setStepId("container.keep-logs")
                        .setAttempt(look)
                        .setWorkerId("w:1")
                        .setAt(until)
                        .setEvent(StepDone.newBuilder()
                                .setResult(new StepResult(LogsKept.newBuilder()
                                        .setUntil(until)
                                        .setContainers(1)
                                        .setLines(1)
                                        .setBytes(1)
                                        .build()))
                                .setDetail("")
                                .build())
                        .build(),
                until);
    }

    @Test
    void tellsOnceChangesOfTheConfigurationWereNotRecordedForLongerThanAWorkerTakesToRestart() {
        planned("configuration: {}");
        var looks = LogLooks.newBuilder()
                .setId("configuration-freedom")
                .setNext(END)
                .setLast(END)
                .setUntil(END)
                .build();
        store.put(Schedules.objective(Platforms.configured(store.platform("freedom"), looks), END));

        assertThat(warned(after(359))).isEmpty();
        assertThat(warned(after(361))).containsExactly(new RpoAtRisk(null, END, 0L, END, "configuration"));
    }

    @Test
    void measuresHowMuchOfEachObjectiveIsLeft() {
        planned("every: 1h, logs: {}", point("rb-0", END));
        var meters = new SimpleMeterRegistry();
        var points = new RecoveryPoints(() -> after(HOUR));
        points.note(store.platform("freedom"));
        points.bindTo(meters);

        assertThat(left(meters, "database")).as("missed for 45 min").isEqualTo(-2700);
        assertThat(left(meters, "models")).isEqualTo(23 * HOUR);
        assertThat(left(meters, "logs"))
                .as("counted from when they were to be kept")
                .isZero();
    }

    private static double left(SimpleMeterRegistry meters, String part) {
        return meters.get("rollback.rpo.left")
                .tag("platform", "freedom")
                .tag("part", part)
                .gauge()
                .value();
    }

    @Test
    void promisesNothingOfWhatIsKeptByHand() {
        planned("hold: 24h", point("rb-0", END));
        assertThat(warned(after(100 * HOUR))).isEmpty();
        assertThat(store.platform("freedom").getParts())
                .extracting(part -> part.getPart())
                .containsExactly("database", "models");
    }

    @Test
    void forgetsThePartsOfAPlatformThatKeepsThemNoLonger() {
        planned("every: 1h, logs: {}, configuration: {}", point("rb-0", END));
        var state = PlatformState.newBuilder(store.platform("freedom"))
                .setDescriptor(DESCRIPTOR)
                .build();
        store.put(Schedules.planned(state, END));

        assertThat(schedules.partsAtRisk(after(100 * HOUR))).isEmpty();
    }
}
