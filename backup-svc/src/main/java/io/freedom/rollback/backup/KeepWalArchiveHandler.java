package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.KeepWalArchive;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Looks after a platform's WAL archive: what is missing is begun, what is finished is sealed, and what is kept no longer goes. While something else is at
 * work there, it does neither of the last two.
 */
final class KeepWalArchiveHandler implements StepHandler<KeepWalArchive> {
    private final EngineProvider engines;
    private final Vault vault;
    private final InstantSource clock;
    private final BaseBackups bases;
    private final Map<String, Integer> unfetched = new ConcurrentHashMap<>();

    KeepWalArchiveHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
        bases = new BaseBackups(vault, clock);
    }

    @Override
    public Class<KeepWalArchive> action() {
        return KeepWalArchive.class;
    }

    @Override
    public Completed execute(KeepWalArchive action, StepContext step) throws StepFailure, InterruptedException {
        var look = new WalLook(engines, vault, clock, bases, unfetched, action, step);
        if (!action.getWanted()) {
            look.end();
            look.seal();
            return look.completed();
        }
        look.keep();
        if (!action.getQuiet()) {
            look.seal();
            look.prune();
        }
        return look.completed();
    }
}
