package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.operator.StartAtMoment;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.step.Plan;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A command that starts a scenario, and can follow it to its end. */
abstract class StartingVerb extends WatchingVerb {
    @Option(names = "--watch", description = "follow it to its end")
    private boolean watch;

    /** @param restorePoint that it is about; null for none */
    final int start(
            ControlPlane plane, String platform, String reason, String scenario, @Nullable String restorePoint) {
        var command = StartRollback.newBuilder()
                .setRollbackId(RollbackIds.next(now()))
                .setScenario(scenario)
                .setRestorePoint(restorePoint)
                .build();
        return start(plane, platform, reason, command);
    }

    final int start(ControlPlane plane, String platform, String reason, StartRollback command) {
        return start(plane, platform, reason, command, command.getRollbackId());
    }

    /** @param at moment that the data go back to, of which a restore point is derived first */
    final int start(ControlPlane plane, String platform, String reason, StartRollback command, Moment at) {
        var found = at.of(platform, plane);
        if (!json()) {
            out().println("To the moment " + found);
        }
        return start(plane, platform, reason, new StartAtMoment(found.moment(), command), command.getRollbackId());
    }

    private int start(ControlPlane plane, String platform, String reason, SpecificRecord command, String asked) {
        var answer = request(plane).ask(platform, reason, command);
        var id = answer.getRollbackId() == null ? asked : answer.getRollbackId();
        if (json() && !watch) {
            out().println(Json.of(answer));
        } else if (!json()) {
            var what = answer.getEvent() instanceof RollbackStarted e
                    ? e.getPlan().getScenario() + " of " + platform + " as " + id + ", "
                            + e.getPlan().getSteps().size() + " steps" + following(e.getPlan())
                    : platform + " as " + id;
            out().println("Started " + what);
        }
        if (watch) {
            var status = follow(plane, id);
            // An orchestrator of an earlier release would have forgotten what was to follow.
            boolean isMissing =
                    command instanceof StartAtMoment && status.getRollbackId().equals(id);
            return isMissing ? ExitCode.FAILED : exitCode(status);
        }
        if (!json()) {
            out().println("Watch it:         rollbackctl watch " + id);
            out().println("Stop and undo it: rollbackctl abort " + id + " --reason \"…\"");
        }
        return ExitCode.OK;
    }

    private static String following(Plan plan) {
        var following = plan.getFollowedBy();
        return following == null
                ? ""
                : "; " + following.getScenario() + " follows with the restore point that it makes";
    }
}
