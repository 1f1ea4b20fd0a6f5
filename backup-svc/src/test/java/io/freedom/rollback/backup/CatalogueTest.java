package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.FindRestorePoints;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.HoldRestorePoint;
import io.freedom.rollback.schemas.action.MissingRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.vault.PrivateFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What describes a restore point goes to Kafka, and comes back where the disk has lost it. */
class CatalogueTest {
    private static final Instant NOW = Instant.parse("2026-11-24T03:00:00Z");
    private static final List<String> PAPERS = List.of("manifest.json", "manifest.sha256", "manifest.sig");

    private final Map<String, CataloguedRestorePoint> catalogue = new HashMap<>();

    @TempDir
    private Path backups;

    private RestorePoint point;

    @BeforeAll
    static void trust() {
        TrustedSchemas.trust();
    }

    @BeforeEach
    void givenACataloguedRestorePointThatIsHeldAndProven() throws Exception {
        point = RestorePoint.at(backups.resolve("rb-1").toString());
        Files.writeString(Files.createDirectories(backups.resolve("rb-1/files")).resolve("app.conf"), "content");
        var directory = point.directory().toString();
        Vaults.manifests(VAULT, () -> NOW)
                .execute(
                        new WriteManifest(directory, "freedom", null, false, "restore-point", null),
                        new RunningStep("rb-1"));
        catalogued(verify());
        var proof = new Proof("rb-1", NOW, Sha256.of(Files.readString(point.manifest())), "15.18", 3, 10, null);
        PrivateFiles.write(point.proven(), Json.text(proof));
        var step = new RunningStep("hold");
        new HoldRestorePointHandler(VAULT, () -> NOW)
                .execute(new HoldRestorePoint(directory, Duration.ofDays(30).toMillis(), "somebody looks", null), step);
        catalogued(step);
    }

    private RunningStep verify() throws Exception {
        var step = new RunningStep("verify");
        var compose = new ComposeProject("freedom", "/srv", List.of("docker-compose.yml"), null, null, null);
        try (var engines = new EngineProvider()) {
            new VerifyRestorePointHandler(engines, VAULT, () -> NOW)
                    .execute(new VerifyRestorePoint(compose, point.directory().toString(), null, false), step);
        }
        return step;
    }

    private void catalogued(RunningStep step) {
        assertThat(step.reported).hasSize(1);
        var papers = (CataloguedRestorePoint) step.reported.getFirst();
        catalogue.put(papers.getRestorePoint().getRestorePointId(), papers);
    }

    private RestorePointsFound find() throws Exception {
        return (RestorePointsFound) new FindRestorePointsHandler(VAULT, () -> NOW, (_, _) -> catalogue)
                .execute(new FindRestorePoints("freedom", backups.toString(), null), new RunningStep("import"))
                .result();
    }

    private Map<String, String> papers() throws IOException {
        var papers = new HashMap<String, String>();
        for (var name : List.of("manifest.json", "manifest.sha256", "manifest.sig", "proven.json", "hold.json")) {
            papers.put(name, Files.readString(point.directory().resolve(name)));
        }
        return papers;
    }

    @Test
    void tellsTheCatalogueWhatDescribesItAndWhatThatSays() throws Exception {
        var papers = catalogue.get("rb-1");

        assertThat(Papers.manifest(papers)).isEqualTo(Files.readString(point.manifest()));
        assertThat(papers.getNotes())
                .containsOnlyKeys("manifest.sig", "verified.json", "proven.json", "hold.json")
                .containsEntry("hold.json", Files.readString(point.hold()));
        assertThat(papers.getPlatform()).isEqualTo("freedom");
        var state = papers.getRestorePoint();
        assertThat(state.getDirectory()).isEqualTo(point.directory().toString());
        assertThat(state.getVerifiedAt()).isEqualTo(NOW);
        assertThat(state.getProvenAt()).isEqualTo(NOW);
        assertThat(state.getHeldUntil()).isEqualTo(NOW.plus(Duration.ofDays(30)));
        assertThat(state.getBytes()).isEqualTo(7);
    }

    @Test
    void rebuildsAllThatDescribesItFromTheCatalogue() throws Exception {
        var before = papers();
        for (var name : before.keySet()) {
            Files.delete(point.directory().resolve(name));
        }
        Files.delete(point.verified());

        var found = find();

        assertThat(found.getMended()).containsExactly("rb-1");
        assertThat(found.getPassedOver()).isEmpty();
        assertThat(found.getRestorePoints())
                .singleElement()
                .satisfies(back -> assertThat(FoundRestorePoint.newBuilder(back).build())
                        .isEqualTo(catalogue.get("rb-1").getRestorePoint()));
        assertThat(papers()).isEqualTo(before);
        verify();
    }

    @Test
    void mendsWhatIsDamagedAndKeepsItBeside() throws Exception {
        for (var name : PAPERS) {
            var file = point.directory().resolve(name);
            var good = Files.readString(file);
            Files.writeString(file, good.replace(good.substring(5, 9), "flip"));
            assertThatThrownBy(this::verify).hasMessageContaining("rollbackctl backups import");

            assertThat(find().getMended()).as(name).containsExactly("rb-1");

            assertThat(file).hasContent(good.strip());
            assertThat(file.resolveSibling(name + ".damaged")).content().contains("flip");
            verify();
        }
        assertThat(find().getMended()).as("all is well").isEmpty();
    }

    @Test
    void putsBackTheNotesOfOneThatIsWhole() throws Exception {
        var before = papers();
        Files.delete(point.hold());
        Files.writeString(point.proven(), "{");
        Files.writeString(point.verified(), "{");

        assertThat(find().getMended()).containsExactly("rb-1");
        assertThat(papers()).isEqualTo(before);
        Verification.require(point);
    }

    @Test
    void trustsNoManifestWhoseFilesAreOthers() throws Exception {
        Files.delete(point.manifest());
        Files.writeString(point.directory().resolve("files/app.conf"), "CONTENT");

        var found = find();

        assertThat(found.getRestorePoints()).isEmpty();
        assertThat(found.getMended()).isEmpty();
        assertThat(found.getPassedOver())
                .singleElement()
                .asString()
                .contains("the catalogue cannot mend it", "app.conf was changed");
        assertThat(point.manifest()).doesNotExist();
    }

    @Test
    void trustsNoCatalogueThatSomebodyElseHasWritten() throws Exception {
        Files.delete(point.manifest());
        var forged = Papers.manifest(catalogue.get("rb-1")).replace("restore-point", "full-rollback");
        var bytes = forged.getBytes(StandardCharsets.UTF_8);
        catalogue.put(
                "rb-1",
                CataloguedRestorePoint.newBuilder(catalogue.get("rb-1"))
                        .setManifest(ByteBuffer.wrap(Zstd.compress(bytes)))
                        .setManifestSize(bytes.length)
                        .setManifestSha256(Sha256.of(forged))
                        .build());

        assertThat(find().getPassedOver()).singleElement().asString().contains("is not what was signed");
        assertThat(point.manifest()).doesNotExist();
    }

    @Test
    void saysWhatTheDiskDoesNotHave() throws Exception {
        PrivateFiles.delete(point.directory());

        assertThat(find().getMissing())
                .containsExactly(
                        new MissingRestorePoint("rb-1", "it is not on disk: there is no " + point.directory()));
    }

    @Test
    void saysThatTheCatalogueDoesNotHaveItEither() throws Exception {
        Files.delete(point.signature());
        catalogue.clear();

        assertThat(find().getPassedOver())
                .singleElement()
                .asString()
                .endsWith("the catalogue of freedom does not have it");
    }

    /** What does not fit must not stop the worker, nor the orchestrator. */
    @Test
    void leavesOutAManifestThatIsTooLargeEvenInPieces() throws Exception {
        var papers = withFiles(360_000);

        assertThat(papers.getManifest()).isNull();
        assertThat(papers.getRestorePoint().getFiles()).isEqualTo(360_000);
        assertThat(Papers.records(papers)).containsExactly(papers);
        assertThat(Papers.tooLarge(papers)).contains("does not fit into 16 records");
        assertThatThrownBy(() -> Papers.manifest(papers)).hasMessageContaining("it is on disk alone");
    }

    @Test
    void cutsAManifestIntoPiecesThatNoRecordHolds() throws Exception {
        assertThat(Papers.records(withFiles(18_000))).hasSize(1);

        var papers = withFiles(50_000);

        var records = Papers.records(papers);
        assertThat(records)
                .hasSize(4)
                .allSatisfy(
                        record -> assertThat(record.toByteBuffer().remaining()).isLessThan(1 << 20));
        assertThat(records.getLast()).satisfies(head -> {
            assertThat(head.getManifest()).as("as a release before can read it").isNull();
            assertThat(head.getNotes()).isEqualTo(papers.getNotes());
            assertThat(head.getPieces()).isEqualTo(3);
        });
        var known = byKey(records);
        assertThat(Papers.joined(known)).containsExactly(Map.entry("rb-1", papers));
        assertThat(Papers.manifest(papers)).isEqualTo(Manifest.text(point));
    }

    @Test
    void doesNotTakePiecesOfAnotherManifest() throws Exception {
        var known = byKey(Papers.records(withFiles(50_000)));
        known.putAll(byKey(Papers.records(withFiles(30_000))));

        var joined = Papers.joined(known).get("rb-1");
        assertThat(Papers.manifest(joined)).contains("\"rb-1\"").isEqualTo(Manifest.text(point));

        known.remove("rb-1/2");
        assertThatThrownBy(() -> Papers.manifest(Papers.joined(known).get("rb-1")))
                .hasMessageContaining("has not all 2 pieces of its manifest");
        known.putAll(byKey(Papers.records(withFiles(50_000)).subList(1, 2)));
        assertThatThrownBy(() -> Papers.manifest(Papers.joined(known).get("rb-1")))
                .hasMessageContaining("has not all 2 pieces of its manifest");
    }

    private static Map<String, CataloguedRestorePoint> byKey(List<CataloguedRestorePoint> records) {
        var known = new HashMap<String, CataloguedRestorePoint>();
        records.forEach(record -> known.put(
                record.getRestorePoint().getRestorePointId() + (record.getPiece() == 0 ? "" : "/" + record.getPiece()),
                record));
        return known;
    }

    private CataloguedRestorePoint withFiles(int count) throws Exception {
        var entries = new ArrayList<Manifest.Entry>();
        for (int i = 0; i < count; i++) {
            var sum = Sha256.of("object " + i);
            entries.add(new Manifest.Entry("objects/" + sum + ".zst.age", 1_048_576L + 7_919L * i, sum, null));
        }
        var manifest = new Manifest(
                Manifest.FORMAT,
                "rb-1",
                "freedom",
                NOW,
                "restore-point",
                null,
                null,
                entries,
                List.of(),
                null,
                List.of(),
                List.of(),
                List.of());
        manifest.write(point, VAULT);
        return Papers.read(point, manifest, NOW, NOW);
    }

    /** What is damaged beside a restore point is not its own fault, and nothing of it replaces what the catalogue has. */
    @Test
    void failsNoStepOverANoteThatIsDamaged() throws Exception {
        var before = papers();
        for (var file : List.of(point.hold(), point.proven())) {
            for (var damage :
                    List.of(new byte[] {'{'}, new byte[] {(byte) 0xFF}, "null".getBytes(StandardCharsets.UTF_8))) {
                Files.write(file, damage);

                assertThat(verify().reported).as("%s", file).isEmpty();

                assertThat(find().getMended()).containsExactly("rb-1");
                assertThat(papers()).isEqualTo(before);
            }
        }
    }

    /** Without a database nothing is restored to prove it. */
    @Test
    void forgetsWhatWasFoundDamagedOnceAllIsReadBack() throws Exception {
        Proof.of(point, NOW, null, 0, 0, "models.tar.zst.age was changed").note(point, VAULT, new RunningStep("rb-2"));
        assertThat(find().getRestorePoints())
                .singleElement()
                .satisfies(it -> assertThat(it.getFault()).contains("models.tar"));

        verify();

        assertThat(find().getRestorePoints())
                .singleElement()
                .satisfies(it -> assertThat(it.getFault()).isNull());
    }

    @Test
    void findsARestorePointWhoseNotesAreDamagedEverywhere() throws Exception {
        catalogue.clear();
        Files.write(point.hold(), new byte[] {(byte) 0xFF});
        Files.write(point.proven(), new byte[1 << 17]);

        var found = find();

        assertThat(found.getPassedOver()).isEmpty();
        assertThat(found.getRestorePoints()).singleElement().satisfies(back -> {
            assertThat(back.getHeldUntil()).isNull();
            assertThat(back.getProvenAt()).isNull();
        });
        var papers = Papers.read(point, Manifest.load(point, VAULT), NOW, NOW);
        assertThat(papers.getNotes()).containsOnlyKeys("manifest.sig", "verified.json");
    }
}
