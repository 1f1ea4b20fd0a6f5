package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.EvidencePreserved;
import io.freedom.rollback.schemas.action.PreserveEvidence;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Path;

/** What an intruder left in a container goes with it: so each is kept as it was found. */
final class PreserveEvidenceHandler implements StepHandler<PreserveEvidence> {
    private final EngineProvider engines;

    PreserveEvidenceHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<PreserveEvidence> action() {
        return PreserveEvidence.class;
    }

    @Override
    public Completed execute(PreserveEvidence action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var folder = Path.of(action.getDirectory(), "evidence");
        var containers = engine.containers(action.getCompose().getProject());
        var images = InParallel.map(containers, container -> keep(engine, container, folder, step));
        return new Completed(
                new EvidencePreserved(images),
                "%d containers kept as images %s*, their changed files listed in %s"
                        .formatted(images.size(), ImageNames.EVIDENCE, folder));
    }

    /** What an earlier attempt kept is older, and so the better evidence. */
    private static String keep(Engine engine, EngineContainer container, Path folder, StepContext step)
            throws StepFailure, InterruptedException {
        step.checkpoint();
        var repository = ImageNames.evidence(container.name());
        var tag = ImageNames.guardTag(step.rollbackId());
        var name = repository + ":" + tag;
        if (engine.images().id(name).isEmpty()) {
            Kept.write(
                    folder.resolve(container.name() + ".changes"),
                    String.join("\n", engine.changes(container.id())) + "\n");
            engine.commit(container.id(), repository, tag);
        }
        return name;
    }
}
