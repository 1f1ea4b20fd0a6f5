package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.Connection;
import io.freedom.rollback.ctl.topics.KafkaControlPlane;
import io.freedom.rollback.ctl.view.Texts;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/** Main class, and the options that every command takes. */
@Command(
        name = "rollbackctl",
        description = {
            "Rolls back docker-compose platforms, and shows how far that is.",
            "Everything goes over Kafka: commands are published, answers are read from the history."
        },
        scope = ScopeType.INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        usageHelpAutoWidth = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:it failed: the rollback did not succeed, the descriptor is invalid",
            "2:wrong arguments",
            "3:the control plane cannot be reached or did not answer in time",
            "4:rejected, or no such platform or rollback"
        },
        subcommands = {
            PlatformCommand.class,
            IncidentCommand.class,
            StartCommand.class,
            PlanCommand.class,
            StatusCommand.class,
            WatchCommand.class,
            ApproveCommand.class,
            RejectCommand.class,
            PauseCommand.class,
            ResumeCommand.class,
            AbortCommand.class,
            UndoCommand.class,
            RetryCommand.class,
            SkipCommand.class,
            FasterCommand.class,
            TimeoutCommand.class,
            HistoryCommand.class,
            ReportCommand.class,
            DrillCommand.class,
            DrillsCommand.class,
            BackupsCommand.class,
            ReplacedCommand.class,
            FollowUpsCommand.class,
            NotificationsCommand.class,
            DeadLettersCommand.class
        })
public final class Rollbackctl implements Runnable {
    enum Output {
        text,
        json
    }

    @Option(
            names = "--bootstrap-server",
            scope = ScopeType.INHERIT,
            paramLabel = "HOST:PORT",
            defaultValue = "${env:ROLLBACK_BOOTSTRAP_SERVERS:-localhost:9092}",
            description = "Kafka (env ROLLBACK_BOOTSTRAP_SERVERS, else localhost:9092)")
    private String bootstrapServers = "";

    @Option(
            names = "--registry",
            scope = ScopeType.INHERIT,
            paramLabel = "URL",
            defaultValue = "${env:ROLLBACK_REGISTRY_URL:-http://localhost:8081/apis/ccompat/v7}",
            description = "schema registry (env ROLLBACK_REGISTRY_URL, else http://localhost:8081/apis/ccompat/v7)")
    private String registryUrl = "";

    @Option(
            names = "--prefix",
            scope = ScopeType.INHERIT,
            paramLabel = "PREFIX",
            defaultValue = "${env:ROLLBACK_TOPIC_PREFIX:-rollback.}",
            description = "prefix of the topics (env ROLLBACK_TOPIC_PREFIX, else rollback.)")
    private String prefix = "";

    @Option(
            names = "--command-config",
            scope = ScopeType.INHERIT,
            paramLabel = "FILE",
            description = "properties of Kafka clients, for TLS and SASL")
    private @Nullable String commandConfig;

    @Option(
            names = {"-o", "--output"},
            scope = ScopeType.INHERIT,
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "${COMPLETION-CANDIDATES}; json prints one document a line")
    private Output output = Output.text;

    @Option(
            names = "--operator",
            scope = ScopeType.INHERIT,
            paramLabel = "NAME",
            defaultValue = "${env:ROLLBACK_OPERATOR}",
            description = "who asks, for the history (env ROLLBACK_OPERATOR, else the user's name)")
    private @Nullable String operator;

    @Option(
            names = "--timeout",
            scope = ScopeType.INHERIT,
            paramLabel = "DURATION",
            defaultValue = "15s",
            description = "how long to wait for an answer, e.g. 15s or 2m")
    private Duration timeout = Duration.ofSeconds(15);

    private final Surroundings surroundings;

    Rollbackctl(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    public static void main(String[] args) {
        // Kafka's clients log what Failure says better; ROLLBACK_LOG=debug shows it all.
        System.setProperty(
                "org.slf4j.simpleLogger.defaultLogLevel", System.getenv().getOrDefault("ROLLBACK_LOG", "off"));
        var terminal = Terminal.ofThisProcess(System.getenv());
        var out = new PrintWriter(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        var err = new PrintWriter(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        var surroundings = new Surroundings(
                connection -> KafkaControlPlane.connect(connection, warning -> err.println("rollbackctl: " + warning)),
                terminal,
                InstantSource.system(),
                ZoneId.systemDefault());
        int code = commandLine(surroundings).setOut(out).setErr(err).execute(args);
        out.flush();
        System.exit(code);
    }

    static CommandLine commandLine(Surroundings surroundings) {
        return new CommandLine(new Rollbackctl(surroundings))
                .registerConverter(Duration.class, Durations::parse)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setAbbreviatedOptionsAllowed(false)
                .setParameterExceptionHandler((e, _) -> usageError(e))
                .setExecutionExceptionHandler((e, command, _) -> failure(e, command))
                .setColorScheme(CommandLine.Help.defaultColorScheme(
                        surroundings.terminal().colours() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
    }

    @Override
    public void run() {
        throw Failure.usage("which command? See rollbackctl --help");
    }

    Surroundings surroundings() {
        return surroundings;
    }

    Connection connection() {
        return new Connection(bootstrapServers, registryUrl, prefix, clientSettings());
    }

    Output output() {
        return output;
    }

    Duration timeout() {
        return timeout;
    }

    String operator() {
        return operator == null || operator.isBlank() ? System.getProperty("user.name", "unknown") : operator;
    }

    private Map<String, String> clientSettings() {
        return commandConfig == null ? Map.of() : ClientSettings.read(commandConfig);
    }

    private static int usageError(ParameterException e) {
        var command = e.getCommandLine();
        var err = command.getErr();
        err.println("rollbackctl: " + Texts.harmless(String.valueOf(e.getMessage())));
        CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
        err.println("See " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.USAGE;
    }

    private static int failure(Exception thrown, CommandLine command) {
        var err = command.getErr();
        if (thrown instanceof Failure failure) {
            err.println("rollbackctl: " + Texts.harmless(String.valueOf(failure.getMessage())));
            return failure.exitCode();
        }
        err.println("rollbackctl: this is a defect, please report it:");
        thrown.printStackTrace(err);
        return ExitCode.FAILED;
    }
}
