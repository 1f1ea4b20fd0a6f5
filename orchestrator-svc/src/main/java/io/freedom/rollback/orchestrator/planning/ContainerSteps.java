package io.freedom.rollback.orchestrator.planning;

import static io.freedom.rollback.orchestrator.planning.HealthSteps.SETTLE;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.LONG;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.MINUTES;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.QUICK;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.step;

import io.freedom.rollback.orchestrator.planning.PlannedStep.Undo;
import io.freedom.rollback.schemas.action.AdoptImages;
import io.freedom.rollback.schemas.action.AwaitHealthy;
import io.freedom.rollback.schemas.action.AwaitLog;
import io.freedom.rollback.schemas.action.CaptureLogs;
import io.freedom.rollback.schemas.action.CheckCompose;
import io.freedom.rollback.schemas.action.CheckVolumes;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.ForecastContainers;
import io.freedom.rollback.schemas.action.KeepVolumes;
import io.freedom.rollback.schemas.action.MeasureUsage;
import io.freedom.rollback.schemas.action.PrepareImages;
import io.freedom.rollback.schemas.action.PreserveEvidence;
import io.freedom.rollback.schemas.action.PruneImages;
import io.freedom.rollback.schemas.action.RecordContainers;
import io.freedom.rollback.schemas.action.RemoveVolumes;
import io.freedom.rollback.schemas.action.RestartServices;
import io.freedom.rollback.schemas.action.RestoreContainers;
import io.freedom.rollback.schemas.action.RestoreImages;
import io.freedom.rollback.schemas.action.RestoreVolumes;
import io.freedom.rollback.schemas.action.StartWriters;
import io.freedom.rollback.schemas.action.StopServices;
import io.freedom.rollback.schemas.action.StopWriters;
import io.freedom.rollback.schemas.step.Worker;
import java.util.List;

/** What container-svc does for a plan. */
final class ContainerSteps {
    /** Grace of `docker stop`, seconds, as compose has it. */
    private static final int GRACE = 10;

    private final PlanRequest request;
    private final ComposeProject compose;

    ContainerSteps(PlanRequest request) {
        this.request = request;
        compose = request.compose();
    }

    /** @param services that the compose file must have */
    PlannedStep check(List<String> services) {
        return step(
                "container.check",
                "Check the Docker engine and the compose file",
                new CheckCompose(compose, services),
                QUICK);
    }

    /** @param ofTag of the tag in the worktree beside; else of the live files */
    PlannedStep forecast(boolean ofTag) {
        return step(
                "container.forecast",
                "Compare the containers with the target",
                new ForecastContainers(compose, ofTag ? request.worktree() : compose.getDirectory(), request.tag()),
                MINUTES);
    }

    PlannedStep recordState() {
        return step(
                        "container.record-state",
                        "Record the containers and guard their images",
                        new RecordContainers(compose, request.directory()),
                        QUICK)
                .attempts(3);
    }

    PlannedStep prepareImages() {
        return step("container.prepare-images", "Build the tag's images beside the live ones", imagesOfTag(), LONG);
    }

    private PrepareImages imagesOfTag() {
        return PrepareImages.newBuilder()
                .setCompose(compose)
                .setSource(request.worktree())
                .setRevision(request.tag())
                .build();
    }

    /** Built from the tag in the worktree beside, without anything that earlier builds left. */
    PlannedStep prepareImagesWithoutCache() {
        return step(
                        "container.prepare-images",
                        "Build the tag's images without cache, beside the live ones",
                        PrepareImages.newBuilder(imagesOfTag())
                                .setReuse(false)
                                .setCache(false)
                                .build(),
                        LONG)
                .faster("Take images that were built of the tag before, build the others with cache", imagesOfTag());
    }

    /** Built from the tag in the worktree beside, for some services only. */
    PlannedStep prepareImages(List<String> services) {
        return step(
                "container.prepare-images",
                "Build the tag's images of " + named(services) + " beside the live ones",
                PrepareImages.newBuilder()
                        .setCompose(compose)
                        .setSource(request.worktree())
                        .setRevision(request.tag())
                        .setServices(services)
                        .build(),
                LONG);
    }

    /** Built anew from the live work tree as it is. */
    PlannedStep buildPresent(List<String> services) {
        var anew = PrepareImages.newBuilder()
                .setCompose(compose)
                .setSource(compose.getDirectory())
                .setRevision(request.rollbackId())
                .setServices(services)
                .setReuse(false)
                .build();
        return step(
                        "container.prepare-images",
                        "Build the images of " + named(services) + " anew, beside the live ones",
                        anew,
                        LONG)
                .faster(
                        "Take the images that " + named(services) + " have now, build only what is not there",
                        PrepareImages.newBuilder(anew).setTakePresent(true).build());
    }

    PlannedStep restart(List<String> services) {
        return step(
                        "container.restart",
                        "Restart " + named(services),
                        new RestartServices(compose, services, GRACE, false),
                        MINUTES)
                .attempts(2);
    }

    /** Those of them that were measured to be past their bounds; all where none is. */
    PlannedStep restartPastBounds(List<String> services) {
        return step(
                        "container.restart",
                        "Restart what is past its bounds, or all of " + named(services),
                        new RestartServices(compose, services, GRACE, true),
                        MINUTES)
                .attempts(2);
    }

    PlannedStep stop(List<String> services) {
        return step("container.stop", "Stop " + named(services), new StopServices(compose, services, GRACE), MINUTES)
                .attempts(2);
    }

    Undo stopAgain(List<String> services) {
        return new Undo(
                "Stop the new " + named(services),
                Worker.CONTAINER,
                new StopServices(compose, services, GRACE),
                MINUTES);
    }

    /** In containers made anew. */
    PlannedStep start(List<String> services) {
        return step(
                        "container.up",
                        "Start " + named(services) + " in new containers",
                        new ComposeUp(compose, services, true, false, true, List.of()),
                        MINUTES)
                .attempts(2);
    }

    /** What ran, from the configuration that is there now. */
    PlannedStep startAsRecorded() {
        return step(
                        "container.up",
                        "Start the services that ran anew, where their configuration changed",
                        new ComposeUp(compose, List.of(), false, true, true, request.ownServices()),
                        MINUTES)
                .attempts(2);
    }

    /** The same, without starting any: something is put into them first. */
    PlannedStep makeAsRecorded() {
        return step(
                        "container.make",
                        "Make containers anew where their configuration changed, and start none",
                        new ComposeUp(compose, List.of(), false, true, false, request.ownServices()),
                        MINUTES)
                .attempts(2);
    }

    Undo makeThoseRecorded() {
        return new Undo(
                "Make the recorded containers, and start none",
                Worker.CONTAINER,
                new RestoreContainers(compose, List.of(), false),
                MINUTES);
    }

    /** The containers that ran when the rollback began. @param failed services that are started where they had failed, too */
    PlannedStep startWriters(List<String> failed) {
        return step(
                        "container.start-writers",
                        "Start the services that ran",
                        new StartWriters(compose, failed),
                        MINUTES)
                .attempts(2);
    }

    PlannedStep awaitLoaded(String service, String pattern) {
        return step(
                "container.loaded-" + service,
                "Await that " + service + " has loaded its model",
                new AwaitLog(compose, service, pattern),
                MINUTES);
    }

    PlannedStep measureUsage() {
        return step(
                        "container.usage-before",
                        "Measure what the services use",
                        new MeasureUsage(compose, Contracts.bounds(request.platform(), List.of()), false),
                        QUICK)
                .attempts(2);
    }

    /** Of some of the services, or of any when empty. */
    boolean hasBounds(List<String> services) {
        return !Contracts.bounds(request.platform(), services).isEmpty();
    }

    PlannedStep checkUsage(List<String> services) {
        return step(
                "container.usage",
                "Compare what the services use with their bounds",
                new MeasureUsage(compose, Contracts.bounds(request.platform(), services), true),
                SETTLE);
    }

    private static String named(List<String> services) {
        return services.isEmpty() ? "all services" : String.join(", ", services);
    }

    PlannedStep captureLogs() {
        return step(
                "container.capture-logs",
                "Keep the container logs",
                new CaptureLogs(compose, request.directory()),
                MINUTES);
    }

    PlannedStep preserveEvidence() {
        return step(
                        "container.preserve-evidence",
                        "Keep every container as it was found",
                        new PreserveEvidence(compose, request.directory()),
                        LONG)
                .attempts(3);
    }

    PlannedStep stopAllBut(List<String> running) {
        return step(
                        "container.stop-writers",
                        running.isEmpty() ? "Stop all services" : "Stop all services but " + String.join(", ", running),
                        new StopWriters(compose, running, GRACE),
                        MINUTES)
                .attempts(2);
    }

    Undo startThoseThatRan() {
        return new Undo("Start the services that ran", Worker.CONTAINER, new StartWriters(compose, List.of()), MINUTES);
    }

    PlannedStep down(List<String> kept) {
        return step(
                        "container.down",
                        kept.isEmpty()
                                ? "Remove the containers, keep the volumes"
                                : "Remove the containers but " + String.join(", ", kept) + ", keep the volumes",
                        new ComposeDown(compose, GRACE, kept, List.of()),
                        MINUTES)
                .attempts(2);
    }

    /** @param services whose volumes are meant; all of the project when empty */
    PlannedStep checkVolumes(List<String> services) {
        return step(
                        "container.check-volumes",
                        "Measure the volumes" + (services.isEmpty() ? "" : " of " + named(services))
                                + ", and the space for their copies",
                        new CheckVolumes(
                                compose,
                                request.keptVolumes(),
                                request.platform().backups().reserve(),
                                services),
                        MINUTES)
                .attempts(2);
    }

    PlannedStep keepVolumes() {
        return step(
                        "container.keep-volumes",
                        "Copy the volumes",
                        new KeepVolumes(
                                compose,
                                request.keptVolumes(),
                                request.platform().backups().reserve()),
                        LONG.multipliedBy(2)) // written, and read again
                .attempts(2);
    }

    PlannedStep removeVolumes() {
        return step("container.remove-volumes", "Remove the volumes", new RemoveVolumes(compose), MINUTES)
                .attempts(2);
    }

    Undo bringVolumesBack() {
        return new Undo(
                "Bring the volumes back as they were",
                Worker.CONTAINER,
                new RestoreVolumes(compose),
                LONG.multipliedBy(2)); // the copies are read beforehand
    }

    Undo bringBackThoseRecorded() {
        return bringBackThoseRecorded(List.of());
    }

    /** All when empty. */
    Undo bringBackThoseRecorded(List<String> services) {
        return new Undo(
                services.isEmpty()
                        ? "Bring the recorded containers back"
                        : "Bring the recorded containers of " + named(services) + " back",
                Worker.CONTAINER,
                new RestoreContainers(compose, services, true),
                MINUTES);
    }

    PlannedStep adoptImages() {
        return step("container.adopt-images", "Give the prepared images their names", new AdoptImages(compose), QUICK)
                .attempts(3);
    }

    Undo nameThePreviousImages() {
        return nameThePreviousImages(List.of());
    }

    /** All when empty. */
    Undo nameThePreviousImages(List<String> services) {
        return new Undo(
                "Give the previous images their names back",
                Worker.CONTAINER,
                new RestoreImages(compose, services),
                QUICK);
    }

    /** So that what is made anew runs what it ran: a newer image may have its name, built and not deployed. */
    PlannedStep nameTheRunningImages() {
        return nameTheRunningImages(List.of());
    }

    /** All when empty. */
    PlannedStep nameTheRunningImages(List<String> services) {
        return step("container.keep-images", "Keep the images that run", new RestoreImages(compose, services), QUICK)
                .attempts(3);
    }

    /** @param kept services that may be running still */
    PlannedStep startDatabase(String service, List<String> kept) {
        return step(
                        "container.start-database",
                        "Start " + service + (kept.contains(service) ? ", or leave it running" : ""),
                        new ComposeUp(compose, List.of(service), false, false, true, List.of()),
                        MINUTES)
                .attempts(2);
    }

    PlannedStep startAll() {
        return step(
                        "container.up",
                        "Start all services",
                        new ComposeUp(compose, List.of(), false, false, true, List.of()),
                        MINUTES)
                .attempts(2);
    }

    Undo removeNewBut(List<String> kept) {
        return new Undo(
                "Remove the new containers",
                Worker.CONTAINER,
                new ComposeDown(compose, GRACE, kept, List.of()),
                MINUTES);
    }

    /** Of one service, while those of others stay. */
    PlannedStep down(String service) {
        return step(
                        "container.down",
                        "Remove the containers of " + service,
                        new ComposeDown(compose, GRACE, List.of(), List.of(service)),
                        MINUTES)
                .attempts(2);
    }

    Undo removeNew(String service) {
        return new Undo(
                "Remove the new containers of " + service,
                Worker.CONTAINER,
                new ComposeDown(compose, GRACE, List.of(), List.of(service)),
                MINUTES);
    }

    Undo stopNewBut(List<String> running) {
        return new Undo("Stop the new services", Worker.CONTAINER, new StopWriters(compose, running, GRACE), MINUTES);
    }

    PlannedStep awaitHealthy() {
        return awaitHealthy(List.of(), false);
    }

    /** Some of a platform that serves on: as many containers as ran. All that ran when empty. */
    PlannedStep awaitHealthyAsRecorded(List<String> services) {
        return awaitHealthy(services, true).with("container.record-state");
    }

    private PlannedStep awaitHealthy(List<String> services, boolean asRecorded) {
        return step(
                "container.await-healthy",
                services.isEmpty() ? "Await healthy services" : "Await a healthy " + named(services),
                new AwaitHealthy(compose, services, asRecorded, false),
                MINUTES);
    }

    /** All that was awaited before: an engine that was restarted meanwhile may have left it stopped. */
    PlannedStep seeThatAllRuns() {
        return stillUp(List.of(), false);
    }

    /** The same of those that ran, or of some of them. */
    PlannedStep seeThatTheyRun(List<String> services) {
        return stillUp(services, true).with("container.record-state");
    }

    private PlannedStep stillUp(List<String> services, boolean asRecorded) {
        return step(
                "container.still-up",
                "See that " + (services.isEmpty() ? "all services" : named(services)) + " still run",
                new AwaitHealthy(compose, services, asRecorded, true),
                MINUTES);
    }

    PlannedStep pruneImages() {
        return step(
                "container.prune-images",
                "Prune dangling images",
                new PruneImages(compose, false, request.released()),
                MINUTES);
    }

    /** Where no image was replaced. */
    PlannedStep removeGuards() {
        return step(
                "container.remove-guards",
                "Let go of the images that were kept",
                new PruneImages(compose, true, request.released()),
                QUICK);
    }
}
