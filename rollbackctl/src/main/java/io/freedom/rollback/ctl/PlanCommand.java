package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.PlanTree;
import io.freedom.rollback.schemas.history.PlanPreviewed;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.PreviewPlan;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl plan}. */
@Command(
        name = "plan",
        description = "Show what a rollback would do, step by step, and what would undo it. Nothing runs.")
final class PlanCommand extends Verb {
    @Parameters(paramLabel = "PLATFORM", description = "name of a registered platform")
    private String platform = "";

    @Option(
            names = "--scenario",
            paramLabel = "NAME",
            description = "full-rollback or restore-point; else the one that the descriptor has for"
                    + " the class, or full-rollback without a class")
    private @Nullable String scenario;

    @Option(
            names = "--class",
            paramLabel = "CLASS",
            converter = IncidentClasses.class,
            description = "plan as for an incident of this class: " + IncidentClasses.NAMES
                    + ". After a security-breach the database server is restarted, too; a data-corruption needs"
                    + " --restore-point")
    private @Nullable IncidentClass incidentClass;

    @Option(names = "--target", paramLabel = "TAG", description = "git tag, instead of the descriptor's")
    private @Nullable String target;

    @Option(names = "--restore-point", paramLabel = "ID|latest", description = "as for start")
    private @Nullable String restorePoint;

    @Override
    int run(ControlPlane plane) {
        var answer = request(plane)
                .ask(
                        platform,
                        null,
                        new PreviewPlan(
                                StartCommand.scenario(scenario, incidentClass), target, restorePoint, incidentClass));
        if (!(answer.getEvent() instanceof PlanPreviewed previewed)) {
            throw new IllegalStateException("answered by " + answer.getEvent());
        }
        return print(List.of(previewed.getPlan()), PlanTree.lines(previewed.getPlan(), style()));
    }
}
