package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.DumpedDatabase;
import io.freedom.rollback.schemas.action.KeptImage;
import io.freedom.rollback.schemas.action.ManifestWritten;
import io.freedom.rollback.schemas.action.PointInTimeDerived;
import io.freedom.rollback.schemas.action.ReadPart;
import io.freedom.rollback.schemas.action.RestorePointFacts;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** Seals a restore point: from now on, every change to its files shows. */
final class WriteManifestHandler implements StepHandler<WriteManifest> {
    private final RecordedImages images;
    private final Vault vault;
    private final InstantSource clock;

    WriteManifestHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        images = new RecordedImages(engines);
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<WriteManifest> action() {
        return WriteManifest.class;
    }

    /** Hashes taken a second time would take in what changed since. */
    @Override
    public Probe probe(WriteManifest action, StepContext step) throws StepFailure {
        var point = RestorePoint.at(action.getDirectory());
        if (!Files.exists(point.manifest()) || !Files.exists(point.manifestSum())) {
            return new Probe.NotApplied();
        }
        return new Probe.Applied(completed(point, Manifest.load(point, vault)));
    }

    @Override
    public Completed execute(WriteManifest action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        return Disk.work(point.directory(), () -> {
            var dump = dump(point, action);
            var dumps = dump == null ? Dumps.none() : Dumps.of(point, dump.database());
            var others = new ArrayList<DumpRecord>();
            for (var other : dumps.others()) {
                others.add(Json.read(point.dumpRecord(other), DumpRecord.class));
            }
            var progress = new Manifest.Progress(step, 0);
            var entries = new ArrayList<Manifest.Entry>();
            for (var file : Manifest.covered(point.directory())) {
                entries.add(Manifest.Entry.note(point.directory(), file, progress));
            }
            var manifest = new Manifest(
                    Manifest.FORMAT,
                    point.id(),
                    action.getPlatform(),
                    // What is derived is as old as what it is of.
                    step.find(PointInTimeDerived.class)
                            .map(PointInTimeDerived::getAsOf)
                            .orElseGet(() -> clock.instant().truncatedTo(ChronoUnit.MILLIS)),
                    action.getTakenBy(),
                    action.getDistrust(),
                    dump,
                    entries,
                    others,
                    others.isEmpty() ? null : dumps.oneMoment(),
                    dumps.leftOut(),
                    PartTimes.of(point),
                    images.of(point));
            step.checkpoint();
            manifest.write(point, vault);
            return completed(point, manifest);
        });
    }

    private static @Nullable DumpRecord dump(RestorePoint point, WriteManifest action) throws IOException, StepFailure {
        var database = action.getDatabase();
        if (database == null || action.getDumpOptional() && !point.hasDump(database)) {
            return null;
        }
        if (!point.hasDump(database)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "there is no complete dump of " + database + " in " + point.databases()
                            + ": retry the step that dumps it");
        }
        return Json.read(point.dumpRecord(database), DumpRecord.class);
    }

    /** For whoever has no disk to look at; null where there is nothing to tell. */
    private static @Nullable RestorePointFacts facts(Manifest manifest) {
        var databases = manifest.dumps().stream()
                .map(dump -> new DumpedDatabase(
                        dump.database(),
                        dump.snapshotAt(),
                        dump.dumpedAt(),
                        dump.lsn(),
                        dump.collation() == null ? null : dump.collation().text()))
                .toList();
        var parts = manifest.parts().stream()
                .map(part -> new ReadPart(part.name(), part.begun(), part.ended()))
                .toList();
        var images = manifest.images().stream()
                .map(image -> new KeptImage(image.service(), image.image(), image.id(), image.digests()))
                .toList();
        return databases.isEmpty() && parts.isEmpty() && images.isEmpty()
                ? null
                : new RestorePointFacts(databases, parts, images);
    }

    private static Completed completed(RestorePoint point, Manifest manifest) throws StepFailure {
        try {
            var sum = Sha256.of(Files.readString(point.manifest()));
            return new Completed(
                    new ManifestWritten(manifest.files().size(), manifest.bytes(), sum, facts(manifest)),
                    "%d files, %s".formatted(manifest.files().size(), Disk.size(manifest.bytes())));
        } catch (IOException e) {
            throw Disk.failure(point.manifest(), e);
        }
    }
}
