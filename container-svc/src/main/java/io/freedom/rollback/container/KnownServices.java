package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Whether a project has the services that an action names. */
final class KnownServices {
    private KnownServices() {}

    /** Compose, which takes its time, is asked only about a service without container. */
    static void check(ComposeProject project, Collection<String> wanted, List<EngineContainer> containers)
            throws StepFailure, InterruptedException {
        var known = new TreeSet<>(Containers.services(containers));
        if (known.containsAll(wanted)) {
            return;
        }
        var unread = "";
        try {
            known.addAll(new Compose(project).model().services().keySet());
        } catch (StepFailure e) {
            // What there is can be stopped and measured whatever the file says.
            unread = "; " + e.text();
        }
        check("project " + project.getProject() + " has", wanted, known, unread);
    }

    /** @param who with its verb, e.g. "the compose file defines" */
    static void check(String who, Collection<String> wanted, Set<String> known, String remark) throws StepFailure {
        var unknown = new TreeSet<>(wanted);
        unknown.removeAll(known);
        if (!unknown.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "%s no service %s, only %s: correct the request or platform.yaml%s"
                            .formatted(
                                    who, String.join(", ", unknown), String.join(", ", new TreeSet<>(known)), remark));
        }
    }
}
