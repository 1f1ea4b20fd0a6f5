package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.sql.SQLException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Throwaway servers that are recovered from a platform's WAL archive.
 *
 * @param archive what they are recovered from
 * @param compose the platform's project, whose image they get
 * @param reserve bytes that stay free on the engine's disk
 * @param window of WAL that is in the container at a time
 */
record ArchiveRecovery(
        Engine engine,
        Vault vault,
        WalFeed.Window window,
        WalArchive archive,
        String platform,
        ComposeProject compose,
        Database database,
        long reserve,
        StepContext step) {
    private static final Logger LOG = LoggerFactory.getLogger(ArchiveRecovery.class);
    private static final Duration BRIEF = Duration.ofMinutes(1);

    /** The archive as it is this very moment; without its server, as it was when somebody last looked. */
    void refresh() throws StepFailure, InterruptedException {
        var current = Disk.work(archive.root(), archive::current);
        if (current.isEmpty()) {
            return;
        }
        try (var connection = JdbcConnections.open(database, step)) {
            var source = new WalSource(connection, platform, step);
            if (source.systemIdentifier().equals(current.get().about().systemIdentifier())) {
                var covered = source.cover();
                if (covered.isPresent()) {
                    step.checkpoint();
                    Disk.work(archive.root(), () -> {
                        current.get().cover(covered.get());
                        return covered;
                    });
                }
            }
        } catch (SQLException | StepFailure e) {
            LOG.info("{}: its server does not tell what is archived: {}", platform, e.getMessage());
        }
    }

    RecoveredCluster cluster(RecoveryWay way) throws StepFailure, InterruptedException {
        return Disk.work(way.run().bases(), () -> RecoveredCluster.of(way.run(), way.base(), vault, step));
    }

    /**
     * @param cluster of that way; it knows afterwards whether a base backup is of no use
     * @param purpose of the throwaway server: there is one of each at a time
     */
    Recovered start(RecoveryWay way, RecoveredCluster cluster, String purpose)
            throws StepFailure, InterruptedException {
        if (way.base().tablespaces() > 0) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the server has " + way.base().tablespaces()
                            + " tablespaces of its own, and recovery to a moment knows none: choose a restore point");
        }
        var image = image(way);
        // Of workers that were killed: their data may be what there is no room for.
        engine.sweepBeside(purpose + "-" + step.platform());
        engine.sweepBeside(ProveWalArchiveHandler.PURPOSE + "-" + step.platform());
        requireRoom(image, way, cluster);
        var feed = Disk.work(way.run().wal(), () -> WalFeed.of(way.run(), way.base(), vault, window));
        var server = TrialServer.recover(
                engine, image, database.getUser(), cluster, feed, way.target(), purpose + "-" + step.platform(), step);
        return new Recovered(server, feed, way);
    }

    /** Of the server as it is, or as it was; but a newer one does not read what an older one wrote. */
    private String image(RecoveryWay way) throws StepFailure, InterruptedException {
        var image = engine.containers(compose.getProject()).stream()
                .filter(container -> container.service().equals(database.getService()) && !container.oneOff())
                .findFirst()
                .map(EngineContainer::imageId)
                .orElse(way.run().about().image());
        var major = ServerImage.major(way.run().about().serverVersion());
        var has = ServerImage.of(
                        engine.runAside(image, ServerImage.QUESTION, BRIEF).stdout())
                .version()
                .map(ServerImage::major);
        if (has.isPresent() && !VersionRules.sharesFiles(has.get(), major)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the WAL archive is of PostgreSQL " + major + ", and the platform's server is " + has.get()
                            + ": it can be derived from once the server is as then");
        }
        return image;
    }

    /** Bytes that what is recovered may take, its changes and the reserve included. */
    long room(RecoveryWay way) {
        return 2 * way.base().cluster() + WalFeed.room(way.run(), way.base(), window) + reserve;
    }

    /** It goes to the engine's disk, where the platform's own data may be. */
    private void requireRoom(String image, RecoveryWay way, RecoveredCluster cluster)
            throws StepFailure, InterruptedException {
        long needed = room(way) + cluster.room();
        var said = engine.runAside(image, "df -Pk / | tail -n 1", BRIEF).stdout();
        var words = said.strip().split("\\s+", -1);
        long free = words.length > 3 && words[3].matches("\\d+") ? Long.parseLong(words[3]) << 10 : Long.MAX_VALUE;
        if (free < needed) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the engine's disk has %s free, and may need %s, %s of which stay free: free space"
                            .formatted(Disk.size(free), Disk.size(needed), Disk.size(reserve)));
        }
    }
}
