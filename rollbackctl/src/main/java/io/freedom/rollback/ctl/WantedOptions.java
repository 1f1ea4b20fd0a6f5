package io.freedom.rollback.ctl;

import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.PreviewPlan;
import io.freedom.rollback.schemas.operator.StartRollback;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What an operator wants: the same to look at its plan and to start it. */
final class WantedOptions {
    @Option(
            names = "--scenario",
            paramLabel = "NAME",
            description =
                    "full-rollback, service-restart, performance-relief, model-reset, configuration-rollback,"
                            + " service-rollback, database-restore, database-rebuild, files-restore, full-restore, data-migration, full-reset, which also removes volumes,"
                            + " untracked files and images and always asks before, restore-point, which only takes"
                            + " one, quiesced-restore-point, which stops what writes meanwhile, restore-point-check, -hold, -prune or -import; else the one that the descriptor has for the class, or full-rollback without a class")
    private @Nullable String scenario;

    @Option(
            names = "--service",
            paramLabel = "NAME",
            split = ",",
            description =
                    "service of the descriptor that the scenario concerns; may be repeated; else those that suit it")
    private List<String> services = List.of();

    @Option(
            names = "--class",
            paramLabel = "CLASS",
            converter = IncidentClasses.class,
            description = "as for an incident of this class: " + IncidentClasses.NAMES
                    + ". A full rollback for a security-breach stops the services first and is never undone"
                    + " unasked; a rollback for a data-corruption needs --restore-point, or --at of start")
    private @Nullable IncidentClass incidentClass;

    @Option(names = "--target", paramLabel = "TAG", description = "git tag, instead of the descriptor's")
    private @Nullable String target;

    @Option(
            names = "--restore-point",
            paramLabel = "ID|latest|none",
            description =
                    "restore the database from this restore point; none keeps the data of a service whose data would"
                            + " go back with it; else the data stay, but with full-reset, which begins anew without one")
    private @Nullable String restorePoint;

    @Option(
            names = "--part",
            paramLabel = "PART",
            split = ",",
            description =
                    "what of the restore point's files goes back, with files-restore and full-restore: models, configuration,"
                            + " containers; may be repeated; else all that the descriptor has")
    private List<String> parts = List.of();

    StartRollback start(String rollbackId) {
        return new StartRollback(rollbackId, scenario(), target, restorePoint, incidentClass, services, parts);
    }

    /** @param lookId of the look that goes with it; null for none */
    PreviewPlan preview(@Nullable String lookId) {
        return new PreviewPlan(scenario(), target, restorePoint, incidentClass, services, lookId, parts);
    }

    /** As the command has it: empty for the one that the descriptor has for the class. */
    private String scenario() {
        if (scenario != null) {
            return Verb.required(scenario, "--scenario");
        }
        return incidentClass == null ? "full-rollback" : "";
    }
}
