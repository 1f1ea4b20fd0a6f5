package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.RestorePointTable;
import io.freedom.rollback.ctl.view.RestorePoints;
import io.freedom.rollback.schemas.operator.StartRollback;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl backups}. */
@Command(
        name = "backups",
        description = "Restore points: what can be restored, how old it is, and whether it was restored to prove it.",
        subcommands = {
            BackupsCommand.ListBackups.class,
            BackupsCommand.Show.class,
            BackupsCommand.Verify.class,
            BackupsCommand.Restore.class,
            BackupsCommand.Derive.class,
            BackupsCommand.Hold.class,
            BackupsCommand.Prune.class,
            BackupsCommand.Import.class
        })
final class BackupsCommand extends Group {

    /** {@code rollbackctl backups list}. */
    @Command(
            name = "list",
            description = {
                "List the restore points, the newest first, and how old the newest is against the RPO.",
                "They are those of the history: neither the worker nor the disk has to be there.",
                "One that was removed by hand is listed still; once backups import has looked, as not on disk."
            })
    static final class ListBackups extends Verb {
        @Parameters(arity = "0..1", paramLabel = "PLATFORM", description = "only of this platform")
        private @Nullable String platform;

        @Override
        int run(ControlPlane plane) {
            var known = new RestorePoints(Histories.read(plane, null, platform));
            var table = new RestorePointTable(known);
            return print(
                    known.all().reversed().stream().map(RestorePointTable::json).toList(),
                    table.lines(now(), zone(), style()));
        }
    }

    /** {@code rollbackctl backups show}. */
    @Command(name = "show", description = "Show what is known of one, and the command that restores it.")
    static final class Show extends Verb {
        @Parameters(paramLabel = "ID", description = "as list shows it")
        private String id = "";

        @Override
        int run(ControlPlane plane) {
            var point = find(plane, id);
            return print(
                    List.of(RestorePointTable.json(point)), RestorePointTable.detail(point, now(), zone(), style()));
        }
    }

    private static RestorePoints.Point find(ControlPlane plane, String id) {
        return new RestorePoints(Histories.read(plane, null, null))
                .find(id)
                .orElseThrow(() -> Failure.rejected(
                        "There is no verified restore point '" + id + "'. See rollbackctl backups list"));
    }

    /** Starts a scenario that is about one of them. */
    private abstract static class OfOne extends StartingVerb {
        @Parameters(paramLabel = "ID", description = "as list shows it")
        private String id = "";

        @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
        private String reason = "";

        private final String scenario;

        OfOne(String scenario) {
            this.scenario = scenario;
        }

        @Override
        int run(ControlPlane plane) {
            return start(plane, find(plane, id).platform(), required(reason, "--reason"), scenario, id);
        }
    }

    /** {@code rollbackctl backups verify}. */
    @Command(
            name = "verify",
            description = {
                "Read one back, restore it into a throwaway server and compare all rows.",
                "With --wal: recover a throwaway server from the WAL archive, to where that ends, and read it through.",
                "Nothing of the platform is touched. An incident ends it, and is answered."
            })
    static final class Verify extends StartingVerb {
        @Parameters(paramLabel = "ID", description = "as list shows it; with --wal the name of a registered platform")
        private String id = "";

        @Option(names = "--wal", description = "the WAL archive of a platform instead of a restore point")
        private boolean wal;

        @Option(names = "--reason", paramLabel = "TEXT", description = "why, for the history")
        private String reason = "asked for";

        @Override
        int run(ControlPlane plane) {
            return wal
                    ? start(plane, id, reason, "restore-point-wal-check", null)
                    : start(plane, find(plane, id).platform(), reason, "restore-point-check", id);
        }
    }

    /** {@code rollbackctl backups restore}. */
    @Command(
            name = "restore",
            description = {
                "Put the database back to a restore point, or to any moment of the WAL archive: the scenario database-restore.",
                "What was committed since then is given up, and kept beside; operators are asked before.",
                "With --part models, configuration, containers, or files for all of them, these go back instead: the scenario files-restore. With --part database,files all of it goes back at once: full-restore.",
                "What git tracks of the configuration stays as it is.",
                "Where the server does not even start: rollbackctl start --scenario database-rebuild, with the same --at."
            })
    static final class Restore extends StartingVerb {
        private static final String DATABASE = "database";
        private static final String FILES = "files";

        @Parameters(paramLabel = "ID", description = "as list shows it; with --at the name of a registered platform")
        private String id = "";

        @Option(
                names = "--at",
                paramLabel = "MOMENT",
                description = "a moment instead of a restore point; one is derived of it first: " + Moment.NAMES)
        private @Nullable String at;

        @Option(
                names = "--part",
                paramLabel = "PART",
                split = ",",
                description =
                        "database (alone without --part), models, configuration, containers, files for these three; may be repeated")
        private List<String> parts = List.of();

        @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
        private String reason = "";

        @Override
        int run(ControlPlane plane) {
            var why = required(reason, "--reason");
            var files = parts.stream().filter(part -> !part.equals(DATABASE)).toList();
            if (at != null && !files.isEmpty()) {
                throw Failure.usage("Of a moment only databases can be made: leave --at or --part out");
            }
            if (!files.isEmpty()) {
                return files(plane, why, files.contains(FILES) ? List.of() : files);
            }
            if (at == null) {
                return start(plane, find(plane, id).platform(), why, "database-restore", id);
            }
            var command = StartRollback.newBuilder()
                    .setRollbackId(RollbackIds.next(now()))
                    .setScenario("database-restore")
                    .build();
            return start(plane, id, why, command, new Moment(required(at, "--at")));
        }

        private int files(ControlPlane plane, String why, List<String> files) {
            var command = StartRollback.newBuilder()
                    .setRollbackId(RollbackIds.next(now()))
                    .setScenario(parts.contains(DATABASE) ? "full-restore" : "files-restore")
                    .setRestorePoint(id)
                    .setParts(files)
                    .build();
            return start(plane, find(plane, id).platform(), why, command);
        }
    }

    /** {@code rollbackctl backups derive}. */
    @Command(
            name = "derive",
            description = {
                "Make a restore point of a moment of which none was taken, from the WAL archive; from its copy in the store where the disk was lost.",
                "The platform goes on meanwhile, or may be gone; restore it with: rollbackctl backups restore ID.",
                "An incident ends it, and is answered."
            })
    static final class Derive extends StartingVerb {
        @Parameters(paramLabel = "PLATFORM", description = "name of a registered platform")
        private String platform = "";

        @Option(names = "--at", required = true, paramLabel = "MOMENT", description = Moment.NAMES)
        private String at = "";

        @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
        private String reason = "";

        @Override
        int run(ControlPlane plane) {
            var id = RollbackIds.next(now());
            var found = new Moment(at).of(platform, plane);
            if (!json()) {
                out().println("Of the moment " + found);
            }
            var command = StartRollback.newBuilder()
                    .setRollbackId(id)
                    .setScenario("restore-point-derive")
                    .setRestorePoint(found.moment())
                    .build();
            int code = start(plane, platform, required(reason, "--reason"), command);
            if (code == ExitCode.OK && !json()) {
                out().println("To restore it, once it is there: rollbackctl backups restore " + id
                        + " --reason \"…\" --watch");
                out().println("Where the server is lost:        rollbackctl start " + platform
                        + " --scenario database-rebuild --restore-point " + id + " --reason \"…\" --watch");
            }
            return code;
        }
    }

    /** {@code rollbackctl backups hold}. */
    @Command(
            name = "hold",
            description = {
                "Keep one from being removed, for as long as backups.hold of the descriptor says from now on.",
                "A longer hold stays."
            })
    static final class Hold extends OfOne {
        Hold() {
            super("restore-point-hold");
        }
    }

    /** {@code rollbackctl backups prune}. */
    @Command(
            name = "prune",
            description = {
                "Remove the restore points of a platform that backups.keep of its descriptor does not keep.",
                "Never one that is held, the newest, nor the newest that was restored to prove it."
            })
    static final class Prune extends StartingVerb {
        @Parameters(paramLabel = "PLATFORM", description = "name of a registered platform")
        private String platform = "";

        @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
        private String reason = "";

        @Override
        int run(ControlPlane plane) {
            return start(plane, platform, required(reason, "--reason"), "restore-point-prune", null);
        }
    }

    /** {@code rollbackctl backups import}. */
    @Command(
            name = "import",
            description = {
                "Make the disk and Kafka agree which restore points of a platform there are, and mend what describes them.",
                "For a control plane that was lost: its history began anew, and the restore points are still there.",
                "For a manifest, signature, hold or proof that is lost or damaged: it is put back from Kafka's catalogue,",
                "once its signature is good and every file is as it says. What the disk does not have at all is named.",
                "With backups.store in the descriptor the newest is fetched from there first, where it is not on disk.",
                "What was never read back, or has failed since, is read back now."
            })
    static final class Import extends StartingVerb {
        @Parameters(paramLabel = "PLATFORM", description = "name of a registered platform")
        private String platform = "";

        @Option(names = "--id", paramLabel = "ID", description = "fetch this one from the store, instead of the newest")
        private @Nullable String id;

        @Option(names = "--reason", paramLabel = "TEXT", description = "why, for the history")
        private String reason = "asked for";

        @Override
        int run(ControlPlane plane) {
            return start(plane, platform, reason, "restore-point-import", id);
        }
    }
}
