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
            known.addAll(defined(project));
        } catch (StepFailure e) {
            // What there is can be stopped and measured whatever the file says.
            unread = "; " + e.text();
        }
        check("project " + project.getProject() + " has", wanted, known, unread);
    }

    /**
     * The same for services that are to be stopped: where nobody can read the compose file, one without container is taken
     * for known, since nothing of it is left to stop.
     */
    static void checkStoppable(ComposeProject project, Collection<String> wanted, List<EngineContainer> containers)
            throws StepFailure, InterruptedException {
        var known = new TreeSet<>(Containers.services(containers));
        if (known.containsAll(wanted)) {
            return;
        }
        try {
            known.addAll(defined(project));
        } catch (StepFailure e) {
            return;
        }
        check("project " + project.getProject() + " has", wanted, known, "");
    }

    private static Set<String> defined(ComposeProject project) throws StepFailure, InterruptedException {
        return new Compose(project).model().services().keySet();
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
