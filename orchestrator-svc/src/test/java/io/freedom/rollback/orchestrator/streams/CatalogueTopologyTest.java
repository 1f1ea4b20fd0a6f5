package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.action.RestorePointsPruned;
import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

/** What describes restore points, from the worker to the compacted topic. */
class CatalogueTopologyTest extends WholeTopology {
    private static CataloguedRestorePoint papers(String id, Instant takenAt) {
        return CataloguedRestorePoint.newBuilder()
                .setPlatform("freedom")
                .setRestorePoint(FoundRestorePoint.newBuilder()
                        .setRestorePointId(id)
                        .setDirectory("/var/backups/freedom/" + id)
                        .setTakenAt(takenAt)
                        .setTakenBy("restore-point")
                        .setFiles(1)
                        .setBytes(1)
                        .setVerifiedAt(takenAt)
                        .build())
                .setAt(takenAt)
                .setManifestSha256("00")
                .setManifestSize(2)
                .setManifest(ByteBuffer.wrap(new byte[] {1, 2}))
                .build();
    }

    private List<TestRecord<String, CataloguedRestorePoint>> catalogue() {
        return driver.createOutputTopic(
                        TOPICS.restorePoints().name(),
                        new StringDeserializer(),
                        this.<CataloguedRestorePoint>serde().deserializer())
                .readRecordsToList();
    }

    private StepCommand started(String id, String scenario) {
        operator(StartRollback.newBuilder()
                .setRollbackId(id)
                .setScenario(scenario)
                .build());
        return commands.removeLast();
    }

    private static SpecificRecord done(SpecificRecord result) {
        return new StepDone(new StepResult(result), "done", false);
    }

    @Test
    void publishesWhatAWorkerReadsAndRemovesWhatIsPruned() {
        operator(new RegisterPlatform(Descriptors.FREEDOM.replace(
                "reserve: 512MiB}", "reserve: 512MiB, keep: {last: 1, daily: 0, weekly: 0, monthly: 0}}")));
        var older = papers("rb-1", Instant.parse("2026-02-01T03:00:00Z"));
        var newer = papers("rb-2", Instant.parse("2026-02-28T03:00:00Z"));
        var find = started("rb-import", "restore-point-import");
        var piece = CataloguedRestorePoint.newBuilder(newer).setPiece(2).build();
        worker(find, older);
        worker(find, piece);
        worker(find, newer);

        assertThat(catalogue())
                .extracting(TestRecord::key, TestRecord::value)
                .containsExactly(
                        tuple("freedom/rb-1", older), tuple("freedom/rb-2/2", piece), tuple("freedom/rb-2", newer));

        worker(
                find,
                done(RestorePointsFound.newBuilder()
                        .setRestorePoints(List.of(older.getRestorePoint(), newer.getRestorePoint()))
                        .setPassedOver(List.of())
                        .build()));
        worker(find, older);
        assertThat(catalogue()).as("its attempt is over").isEmpty();
        assertThat(history.toString()).doesNotContain("manifestSha256");

        var prune = started("rb-prune", "restore-point-prune");
        worker(prune, done(new RestorePointsPruned(List.of("rb-1"), List.of(), 1L)));

        assertThat(catalogue())
                .as("itself, and whatever pieces its manifest may have been in")
                .hasSize(1 + TopicCatalogue.MANIFEST_PIECES)
                .allSatisfy(gone -> assertThat(gone.value()).isNull())
                .extracting(TestRecord::key)
                .contains("freedom/rb-1", "freedom/rb-1/1", "freedom/rb-1/" + TopicCatalogue.MANIFEST_PIECES);
    }
}
