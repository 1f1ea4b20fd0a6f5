package io.freedom.rollback.ctl.report;

import io.freedom.rollback.schemas.action.*;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.Compensation;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.Worker;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** A full rollback of the platform FREEDOM, with the steps that a report draws on. */
final class FreedomPlan {
    static final String DIRECTORY = "/var/backups/freedom/" + RecordedHistory.ID;
    static final String OLDER = "/var/backups/freedom/rb-20260131-040000-0001";
    private static final String TREE = "/srv/freedom";
    private static final String TAG = "graveyard/pre-reset";

    static {
        TrustedSchemas.trust();
    }

    private static final ComposeProject COMPOSE =
            new ComposeProject("freedom", TREE, List.of("docker-compose.yml"), null, null, null);
    private static final Database DATABASE =
            new Database("postgres", "freedom_kb", "freedom", "jdbc:…", null, List.of());

    private final List<PlanStep> steps = new ArrayList<>();
    private final @Nullable String restorePoint;

    private FreedomPlan(@Nullable String restorePoint) {
        this.restorePoint = restorePoint;
    }

    static Plan keepingTheData() {
        return new FreedomPlan(null).plan();
    }

    static Plan restoringTheDatabase() {
        return new FreedomPlan(OLDER).plan();
    }

    /** Beginning anew, without volumes. */
    static Plan resetting() {
        var reset = new FreedomPlan(null);
        var plan = reset.plan();
        reset.add(
                "container.keep-volumes",
                "Copy the volumes",
                Phase.SHUT_DOWN,
                new KeepVolumes(COMPOSE, "/var/backups/freedom/.volumes/" + RecordedHistory.ID, 0L));
        reset.undoable(
                "container.remove-volumes",
                "Remove the volumes",
                Phase.SHUT_DOWN,
                new RemoveVolumes(COMPOSE),
                Availability.UNCHANGED,
                "Bring the volumes back as they were");
        return Plan.newBuilder(plan).setSteps(reset.steps).build();
    }

    static Incident incident(String id, String summary) {
        return Incident.newBuilder()
                .setIncidentId(id)
                .setPlatform("freedom")
                .setIncidentClass(IncidentClass.DEPLOYMENT_FAILURE)
                .setFingerprint("f-" + id)
                .setBeganAt(RecordedHistory.START.minusSeconds(95))
                .setSummary(summary)
                .setEvidence(Map.of("severity", "critical", "alertname", "Broken", "team", "kb"))
                .setSource("alertmanager")
                .build();
    }

    static HttpProbe probe(String name) {
        return HttpProbe.newBuilder().setName(name).setUrl("http://127.0.0.1/").build();
    }

    private Plan plan() {
        add("git.verify-target", "Verify tag " + TAG, Phase.ASSESS, new VerifyTarget(TREE, TAG, List.of(), false));
        add("git.record-state", "Record the git state", Phase.ASSESS, new RecordGitState(TREE, DIRECTORY));
        add(
                "container.record-state",
                "Record the containers and guard their images",
                Phase.ASSESS,
                new RecordContainers(COMPOSE, DIRECTORY));
        if (restorePoint != null) {
            add(
                    "backup.verify-restore-point",
                    "Verify the restore point to go back to",
                    Phase.ASSESS,
                    new VerifyRestorePoint(COMPOSE, restorePoint, DATABASE, false));
        }
        add(
                "container.prepare-images",
                "Build the tag's images beside the live ones",
                Phase.ASSESS,
                PrepareImages.newBuilder()
                        .setCompose(COMPOSE)
                        .setSource(TREE)
                        .setRevision(TAG)
                        .build());
        add(
                "backup.database",
                "Dump the database freedom_kb",
                Phase.PRESERVE,
                new DumpDatabase(COMPOSE, DATABASE, DIRECTORY, 2));
        add(
                "git.preserve-changes",
                "Keep the dirty work tree as commit and patch",
                Phase.PRESERVE,
                new PreserveChanges(TREE, DIRECTORY));
        add(
                "backup.data-kb",
                "Copy /app/data of kb-service",
                Phase.PRESERVE,
                new CopyContainerData(COMPOSE, "kb-service", "/app/data", DIRECTORY));
        add(
                "backup.verify",
                "Verify the restore point",
                Phase.PRESERVE,
                new VerifyRestorePoint(COMPOSE, DIRECTORY, DATABASE, false));
        undoable(
                "container.stop-writers",
                "Stop all services but postgres",
                Phase.SHUT_DOWN,
                new StopWriters(COMPOSE, List.of("postgres"), 10),
                Availability.GOES_DOWN,
                "Start the services that ran");
        add(
                "backup.seal-database",
                "Seal the database and count its rows",
                Phase.SHUT_DOWN,
                new SealDatabase(DATABASE, false));
        undoable(
                "container.down",
                "Remove the containers, keep the volumes",
                Phase.SHUT_DOWN,
                new ComposeDown(COMPOSE, 10, List.of(), List.of()),
                Availability.UNCHANGED,
                "Bring the recorded containers back");
        undoable(
                "git.check-out",
                "Check out " + TAG,
                Phase.REVERT,
                new CheckOutTarget(TREE, TAG),
                Availability.UNCHANGED,
                "Return to the previous branch and dirty files");
        add(
                "git.verify-work-tree",
                "Verify the work tree and critical files",
                Phase.REVERT,
                new VerifyWorkTree(TREE, TAG, List.of()));
        add("health.database-ready", "Await the database", Phase.RECOVER, new AwaitDatabase(DATABASE, true));
        if (restorePoint != null) {
            undoable(
                    "backup.restore-database",
                    "Restore the database beside, verify it and swap it in",
                    Phase.RECOVER,
                    new RestoreDatabase(COMPOSE, DATABASE, restorePoint, 2, null, null),
                    Availability.UNCHANGED,
                    "Swap the previous database back");
        }
        add(
                "container.await-healthy",
                "Await healthy services",
                Phase.RECOVER,
                new AwaitHealthy(COMPOSE, List.of(), false, false),
                Availability.COMES_BACK);
        add("health.database", "Compare tables and rows", Phase.VALIDATE, new CheckDatabase(DATABASE, false));
        add(
                "health.probes",
                "Probe the services",
                Phase.VALIDATE,
                new ProbeHttp(List.of(probe("API gateway"), probe("Castle GUI"))));
        add("health.model", "Ask the model for a completion", Phase.VALIDATE, new CheckModel(probe("MLX completion")));
        add(
                "health.end-to-end",
                "Send a query through the platform",
                Phase.VALIDATE,
                new CheckEndToEnd(probe("Query through the gateway")));
        add(
                "health.logs",
                "Scan the container logs",
                Phase.VALIDATE,
                new ScanLogs(COMPOSE, List.of("error"), List.of(), List.of(), false));
        if (restorePoint != null) {
            add(
                    "backup.count-replaced",
                    "Count what the replaced databases had",
                    Phase.FINISH,
                    new CountReplacedRows(DATABASE));
        }
        return Plan.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setScenario("full-rollback")
                .setTarget(TAG)
                .setRestorePoint(restorePoint)
                .setRto(1_800_000)
                .setDescriptorHash("0123456789abcdef")
                .setSteps(steps)
                .build();
    }

    static Plan of(PlanStep... steps) {
        return Plan.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setScenario("service-restart")
                .setRto(300_000)
                .setDescriptorHash("0123456789abcdef")
                .setSteps(List.of(steps))
                .build();
    }

    static PlanStep.Builder step(String id, String title, Phase phase, SpecificRecord action) {
        return PlanStep.newBuilder()
                .setId(id)
                .setTitle(title)
                .setPhase(phase)
                .setWorker(worker(id))
                .setAction(new StepAction(action))
                .setTimeout(30_000);
    }

    private static Worker worker(String id) {
        return Worker.valueOf(id.substring(0, id.indexOf('.')).toUpperCase(Locale.ROOT));
    }

    private void add(String id, String title, Phase phase, SpecificRecord action) {
        add(id, title, phase, action, Availability.UNCHANGED);
    }

    private void add(String id, String title, Phase phase, SpecificRecord action, Availability availability) {
        steps.add(step(id, title, phase, action).setAvailability(availability).build());
    }

    private void undoable(
            String id, String title, Phase phase, SpecificRecord action, Availability availability, String undo) {
        steps.add(step(id, title, phase, action)
                .setAvailability(availability)
                .setCompensation(Compensation.newBuilder()
                        .setTitle(undo)
                        .setWorker(worker(id))
                        .setAction(new StepAction(action))
                        .setTimeout(90_000)
                        .build())
                .build());
    }
}
