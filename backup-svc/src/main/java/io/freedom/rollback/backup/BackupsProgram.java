package io.freedom.rollback.backup;

import io.freedom.rollback.vault.BackupKeys;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code rollback-backups}: restore points with nothing but their files and the key. */
@Command(
        name = "rollback-backups",
        description = {
            "Lists, checks and unpacks restore points, and prints kept logs, with nothing but the files and the key file:",
            "no Kafka, no Docker, no database. For when all else is gone."
        },
        scope = ScopeType.INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = BackupsProgram.Version.class,
        sortOptions = false,
        usageHelpAutoWidth = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:it failed: damaged, not signed by a known key, no such file", "2:wrong arguments"})
public final class BackupsProgram implements Runnable {
    @Option(
            names = "--key-file",
            scope = ScopeType.INHERIT,
            paramLabel = "FILE",
            defaultValue = "${env:ROLLBACK_BACKUPS_KEYFILE:-data/keys/backups.key}",
            description =
                    "keys of the restore points, as age has them (env ROLLBACK_BACKUPS_KEYFILE, else ${DEFAULT-VALUE})")
    private Path keyFile = Path.of("data/keys/backups.key");

    @Spec
    private CommandSpec spec = CommandSpec.create(); // picocli puts its own there

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new BackupsProgram()).setExecutionExceptionHandler((e, line, _) -> {
            if (e instanceof StepFailure failure) {
                return failed(line, failure.text());
            }
            if (e instanceof IOException failure) {
                return failed(line, Disk.failure(Path.of("."), failure).text());
            }
            throw e;
        });
    }

    private static int failed(CommandLine line, String text) {
        line.getErr().println(line.getCommandSpec().root().name() + ": error: " + text);
        return 1;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name a command");
    }

    private Vault vault() {
        return new Vault(keyFile.toAbsolutePath(), true, List.of());
    }

    @Command(
            name = "list",
            description =
                    "Lists the restore points of a directory, oldest first, and whether they are signed by a key of the file.")
    int list(
            @Parameters(
                            paramLabel = "DIRECTORY",
                            description = "where a platform's restore points are (`backups.directory`)")
                    Path directory)
            throws IOException {
        var out = out();
        int faults = 0;
        try (var all = Files.list(directory)) {
            for (var folder : all.filter(
                            path -> !String.valueOf(path.getFileName()).startsWith("."))
                    .filter(path -> Files.exists(path.resolve(RestorePoint.MANIFEST)))
                    .sorted()
                    .toList()) {
                try {
                    var manifest = Manifest.load(
                            RestorePoint.at(folder.toAbsolutePath().toString()), vault());
                    out.printf(
                            "%s  %s  %s  %s%s%n",
                            manifest.id(),
                            manifest.platform(),
                            manifest.createdAt(),
                            Disk.size(manifest.bytes()),
                            manifest.distrust() == null ? "" : "  for analysis only: " + manifest.distrust());
                } catch (StepFailure e) {
                    faults++;
                    out.printf("%s  %s%n", folder.getFileName(), e.text());
                }
            }
        }
        return faults == 0 ? 0 : 1;
    }

    @Command(
            name = "verify",
            description = "Reads all files of a restore point, and compares them with its signed manifest.")
    int verify(@Parameters(paramLabel = "RESTORE-POINT", description = "its directory") Path directory)
            throws IOException, StepFailure {
        var point = RestorePoint.at(directory.toAbsolutePath().toString());
        var manifest = Manifest.load(point, vault());
        ManifestCheck.all(point, manifest, vault(), Instant.now(), new Offline());
        out().printf(
                        "%d files, %s are as their manifest says%n",
                        manifest.files().size(), Disk.size(manifest.bytes()));
        return 0;
    }

    @Command(
            name = "extract",
            description = {
                "Unpacks a restore point, after checking it:",
                "  database/NAME      for `pg_restore --create -d postgres database/NAME`",
                "  globals.sql        roles, settings and owners, for `psql -f globals.sql`",
                "  configuration/, models/, modified/, data/SERVICE/",
                "Owners are kept where it is run by root."
            })
    int extract(
            @Parameters(paramLabel = "RESTORE-POINT", description = "its directory") Path directory,
            @Option(names = "--into", required = true, paramLabel = "DIR", description = "new, or empty") Path into,
            @Option(
                            names = "--only",
                            split = ",",
                            paramLabel = "PART",
                            description = "database, configuration, models, modified or data; all when left out")
                    @Nullable
                    List<String> only)
            throws IOException, StepFailure {
        var point = RestorePoint.at(directory.toAbsolutePath().toString());
        for (var part : only == null ? List.<String>of() : only) {
            if (!ExtractedPoint.PARTS.contains(part)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "there is no part \"" + part + "\": " + String.join(", ", ExtractedPoint.PARTS));
            }
        }
        if (Files.exists(into, LinkOption.NOFOLLOW_LINKS)) {
            try (var there = Files.list(into)) {
                if (there.findAny().isPresent()) {
                    throw new ParameterException(spec.commandLine(), into + " is not empty: name a new folder");
                }
            }
        }
        var manifest = Manifest.load(point, vault());
        var parts = only == null ? ExtractedPoint.PARTS : only;
        var extracted = new ExtractedPoint(point, manifest, vault(), into.toAbsolutePath());
        extracted.check(parts);
        PrivateFiles.createFolders(into.toAbsolutePath());
        for (var line : extracted.extract(parts)) {
            out().println(line);
        }
        return 0;
    }

    @Command(
            name = "sign",
            description = {
                "Signs a restore point that a release took which did not sign yet, after reading all of its files.",
                "Only do so where nobody else could write there: it is restored without a question from then on."
            })
    int sign(@Parameters(paramLabel = "RESTORE-POINT", description = "its directory") Path directory)
            throws IOException, StepFailure {
        var point = RestorePoint.at(directory.toAbsolutePath().toString());
        if (Files.exists(point.signature(), LinkOption.NOFOLLOW_LINKS)) {
            throw new ParameterException(spec.commandLine(), point.signature() + " is there already");
        }
        var manifest = Manifest.sign(point, vault());
        try {
            ManifestCheck.all(point, manifest, vault(), Instant.now(), new Offline());
        } catch (StepFailure e) {
            Files.delete(point.signature());
            throw e;
        }
        out().println(point.directory() + " is signed");
        return 0;
    }

    @Command(
            name = "logs",
            description = {
                "Prints the logs that `backups.logs` has kept, of all containers, in order of time:",
                "  TIME SERVICE-NUMBER stdout|stderr F|P TEXT      P where the line goes on in the next",
                "What cannot be read is named, the rest is printed, and then it ends with 1. Containers' newest lines, since the",
                "last look of the hour, are still with the engine: `docker logs`."
            })
    int logs(
            @Parameters(
                            paramLabel = "DIRECTORY",
                            description = "where a platform's restore points are (`backups.directory`)")
                    Path directory,
            @Option(names = "--service", paramLabel = "S", description = "of this one alone") @Nullable String service,
            @Option(
                            names = "--since",
                            paramLabel = "T",
                            description =
                                    "a time, e.g. 2026-11-26T09:11:06Z, 2026-11-26T09Z or 2026-11-26 (UTC); or how long ago, e.g. 90m, 2h, 7d")
                    @Nullable
                    String since,
            @Option(names = "--until", paramLabel = "T", description = "likewise") @Nullable String until,
            @Option(names = "--platform", paramLabel = "P", description = "where the directory has logs of several")
                    @Nullable
                    String platform)
            throws IOException, StepFailure {
        var now = Instant.now();
        var from = since == null ? null : moment(since, now);
        var to = until == null ? null : moment(until, now);
        var logs =
                new KeptLogs(directory.toAbsolutePath(), platform, vault(), fault -> failed(spec.commandLine(), fault));
        try (var out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16)) {
            return logs.print(service, from, to, out) == 0 ? 0 : 1;
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).contains("Broken pipe")) {
                return 0; // `head` has what it wants
            }
            throw e;
        }
    }

    private Instant moment(String text, Instant now) {
        try {
            return KeptLogs.moment(text, now);
        } catch (DateTimeException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "\"" + text + "\" is no time: name one such as 2026-11-26T09:11:06Z, or how long ago, such as 2h",
                    e);
        }
    }

    @Command(
            name = "cat",
            description = "Writes what is in a single file to the standard output: decrypted, decompressed.")
    int cat(
            @Parameters(
                            paramLabel = "FILE",
                            description = {
                                "of a restore point, e.g. files/models.tar.zst.age, or of the WAL archive: a segment,",
                                "e.g. wal/000000010000000000000003.zst.age, or base.tar.zst.age of a base backup; or the copy",
                                "of a volume (.volumes), or of logs (.logs)"
                            })
                    Path file)
            throws IOException {
        // System.out would swallow that nobody can write.
        try (var in = vault().open(file.toAbsolutePath());
                var out = new FileOutputStream(FileDescriptor.out)) {
            in.transferTo(out);
        }
        return 0;
    }

    @Command(
            name = "keygen",
            description = {
                "Makes a new key the first of the key file, which is made where it is missing:",
                "what is taken from now on is encrypted for it, and what was taken before stays readable."
            })
    int keygen(@Parameters(paramLabel = "FILE", description = "e.g. data/keys/backups.key") Path file)
            throws IOException {
        var recipient = BackupKeys.generate(file.toAbsolutePath());
        out().println("public key: " + recipient);
        out().println("Keep a copy of " + file + " elsewhere: without it no restore point can be read.");
        return 0;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** The version of the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            var version = BackupsProgram.class.getPackage().getImplementationVersion();
            return new String[] {"rollback-backups " + (version == null ? "(not packaged)" : version)};
        }
    }
}
